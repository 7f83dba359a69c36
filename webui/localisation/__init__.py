"""Languages: words, dates and numbers."""
