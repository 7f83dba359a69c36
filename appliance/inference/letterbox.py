"""A picture of any size in the detector's fixed input, and boxes back from it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class InputView:
    """How a picture lies in the network's input: scaled by one factor into the top-left corner.

    Attributes:
        frame_width_px, frame_height_px: the picture.
        used_width_px, used_height_px: the part of the input that it covers.
        input_width_px, input_height_px: the input.
    """

    frame_width_px: int
    frame_height_px: int
    used_width_px: int
    used_height_px: int
    input_width_px: int
    input_height_px: int

    def fill(self, image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The network's input, uint8 RGB [1, input height, input width, 3]; the picture itself where sizes agree.

        Shrinking averages areas, enlarging is bilinear. What the picture leaves free at the right or at the bottom has
        the mean colour of the edge it adjoins: repeated border pixels would look like vessels.
        """
        used = (self.used_width_px, self.used_height_px)
        if used == (self.frame_width_px, self.frame_height_px):
            scaled = image_rgb
        else:
            is_shrinking = self.used_width_px < self.frame_width_px
            interpolation = cv2.INTER_AREA if is_shrinking else cv2.INTER_LINEAR
            scaled = np.asarray(cv2.resize(image_rgb, used, interpolation=interpolation), dtype=np.uint8)
        return np.ascontiguousarray(self._padded(scaled))[None]

    def _padded(self, scaled: NDArray[np.uint8]) -> NDArray[np.uint8]:
        right = self.input_width_px - self.used_width_px
        bottom = self.input_height_px - self.used_height_px
        if not right and not bottom:
            return scaled
        edge = scaled[:, -1] if right else scaled[-1]
        padded = np.empty((self.input_height_px, self.input_width_px, 3), dtype=np.uint8)
        padded[:] = np.round(edge.mean(axis=0)).astype(np.uint8)
        padded[: self.used_height_px, : self.used_width_px] = scaled
        return padded

    def to_frame(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float64]:
        """Boxes [N, 4] (x, y, w, h) in pixels of the picture, cut at its edges, from boxes of the input.

        Args:
            boxes_xyxy: [N, 4], left, top, right, bottom edges in input pixels: the input reaches from 0 to its width.
                A frame's origin is the centre of its first pixel, half a pixel further in.
        """
        frame = np.array([self.frame_width_px, self.frame_height_px], dtype=np.float64)
        scale = frame / (self.used_width_px, self.used_height_px)
        corners = boxes_xyxy.astype(np.float64).reshape(-1, 2, 2) * scale
        corners = np.clip(corners, 0.0, frame)
        return np.concatenate([corners[:, 0] - 0.5, corners[:, 1] - corners[:, 0]], axis=1)


def view_of(frame_width_px: int, frame_height_px: int, input_width_px: int, input_height_px: int) -> InputView:
    """The largest view of a picture that keeps its aspect and fits the input."""
    scale = min(input_width_px / frame_width_px, input_height_px / frame_height_px)
    used_width = max(1, min(input_width_px, round(frame_width_px * scale)))
    used_height = max(1, min(input_height_px, round(frame_height_px * scale)))
    return InputView(frame_width_px, frame_height_px, used_width, used_height, input_width_px, input_height_px)
