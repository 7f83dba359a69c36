"""From rendered images to ONNX weights."""
