"""The networks: renderer, training, weights, evaluation and the TensorRT build."""

import os

# As in appliance.inference: ONNX Runtime tells nobody what it runs.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
