"""A renderer of nailfold images with exact ground truth: what both networks are trained on."""
