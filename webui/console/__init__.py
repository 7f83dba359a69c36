"""The fleet's console: a web application of its own, for the people who run the boxes."""
