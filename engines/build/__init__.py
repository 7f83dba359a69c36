"""Compiling the ONNX networks for an NVIDIA GPU, on the box that will run them."""
