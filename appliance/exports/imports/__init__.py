"""Pictures of other software become an exam: read, placed, measured and kept like the box's own."""
