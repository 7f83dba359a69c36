"""What the API answers, as plain JSON types."""
