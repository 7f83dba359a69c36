"""Files that the programmes read and write."""
