"""The local web interface."""
