"""The networks: which weights are trusted, what runs them, and what their tensors mean in the picture."""

import os

# From 1.29 on ONNX Runtime reports to its makers what it runs, unless this stands before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
