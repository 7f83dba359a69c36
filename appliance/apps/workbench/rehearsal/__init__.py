"""A whole exam by keyboard in a real browser, against the truth."""
