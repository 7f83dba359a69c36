"""The gate before every page."""
