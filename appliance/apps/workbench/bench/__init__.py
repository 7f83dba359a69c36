"""Speed, delay and memory."""
