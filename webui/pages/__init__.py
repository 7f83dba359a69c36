"""The pages that Flask renders."""
