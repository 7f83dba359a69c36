"""The running device."""
