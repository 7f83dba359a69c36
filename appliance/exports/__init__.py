"""Reports and files that leave the box."""
