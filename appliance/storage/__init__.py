"""What is kept on the disk: exams, the outbox rows and image files."""
