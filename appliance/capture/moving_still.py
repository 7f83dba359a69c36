"""A picture that moves a little, as under a scope held by hand."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.capture.hand_motion import HandMotion, HandPosition


class MovingStill:
    """One picture seen through a scope held by hand.

    The frames are cropped from inside the picture, at its own scale: no edge ever shows and a calibration of the
    picture (micrometres per pixel) holds for its frames.

    Args:
        image_rgb: uint8 (height, width, 3), RGB.
        seed: of the movement; None holds the scope still, and the frames are the whole picture.
    """

    def __init__(self, image_rgb: NDArray[np.uint8], seed: int | None) -> None:
        self._image_rgb = image_rgb
        height_px, width_px = image_rgb.shape[:2]
        self._motion = None if seed is None else HandMotion(width_px, height_px, seed)
        self._margin_px = 0 if self._motion is None else self._motion.margin_px

    @property
    def width_px(self) -> int:
        """Of the view."""
        return int(self._image_rgb.shape[1]) - 2 * self._margin_px

    @property
    def height_px(self) -> int:
        """Of the view."""
        return int(self._image_rgb.shape[0]) - 2 * self._margin_px

    def frame(self, elapsed_s: float) -> NDArray[np.uint8]:
        """The view at a time, uint8 RGB (height_px, width_px, 3)."""
        if self._motion is None:
            return np.array(self._image_rgb, np.uint8)
        moved = cv2.warpAffine(
            self._image_rgb,
            self._view_to_image(self._motion.pose(elapsed_s)),
            (self.width_px, self.height_px),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(moved, np.uint8)

    def _view_to_image(self, pose: HandPosition) -> NDArray[np.float64]:
        """Affine 2x3 from a pixel of the view to the pixel of the picture that it shows."""
        cos, sin = pose.scale * math.cos(pose.rotation_rad), pose.scale * math.sin(pose.rotation_rad)
        view_x, view_y = (self.width_px - 1) / 2, (self.height_px - 1) / 2
        centre_x, centre_y = view_x + self._margin_px + pose.dx_px, view_y + self._margin_px + pose.dy_px
        return np.array(
            [
                [cos, -sin, centre_x - cos * view_x + sin * view_y],
                [sin, cos, centre_y - sin * view_x - cos * view_y],
            ]
        )
