"""Networks and classifiers trained on a clinic's own material."""
