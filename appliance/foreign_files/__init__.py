"""Files that others made: which there are below a folder, what each holds, its text and its name."""
