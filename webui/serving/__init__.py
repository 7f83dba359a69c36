"""The server and its certificate."""
