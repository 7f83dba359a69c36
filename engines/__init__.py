"""The networks: renderer, training, weights, evaluation and the TensorRT build."""
