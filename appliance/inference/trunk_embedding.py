"""An image as the detector's trunk sees it, in a few hundred numbers."""

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

INPUT_NAME, OUTPUT_NAME = "image", "embedding"


class TrunkEmbedding:
    """Runs a trunk that `engines.pattern.trunk` cut out of a detector.

    Args:
        onnx_bytes: input "image" uint8 [1, H, W, 3], output "embedding" float32 [1, columns].
    """

    def __init__(self, onnx_bytes: bytes) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
        _, self._height_px, self._width_px, _ = self._session.get_inputs()[0].shape

    def embed(self, image_rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """float32 [columns] of a uint8 picture [height, width, 3] of any size."""
        size = (self._width_px, self._height_px)
        resized = cv2.resize(np.ascontiguousarray(image_rgb), size, interpolation=cv2.INTER_AREA)
        (embedding,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: resized[None]})
        return np.asarray(embedding[0], dtype=np.float32)
