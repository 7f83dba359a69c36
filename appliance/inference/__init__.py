"""The networks: which weights are trusted, what runs them, and what their tensors mean in the picture."""
