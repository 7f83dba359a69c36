"""One picture of a whole nailfold from a sweep along it, in the scale of its frames.

Pixels of the panorama are pixels of the first frame: nothing is scaled, so the frames' calibration holds. Each frame is
placed by a rotation and a translation against the nearest frame that was placed before; what is covered twice is the
same place of the panorama, and a loop that was passed twice is there once.
"""

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.registration import Pose, RegistrationView, register, registration_view
from appliance.domain.errors import ExamError

ByteImage = NDArray[np.uint8]

KEYFRAME_STEP = 0.22
"""A frame is used for the panorama when the view has moved by this share of its width since the last used one: each
place is then seen four times, and the best seen time can be taken."""

CANDIDATE_STEP = 0.12
"""From here on frames compete to be the next one: the sharpest wins, so a frame blurred by motion is passed over."""

BLURRED_SHARE, LATEST_STEP = 0.7, 0.4
"""A frame with less than this share of the usual focus is used only if none better comes before the second."""

END_STEP = 0.03
"""The last frame of a sweep is used too if it shows so much that no other does."""

LONGEST_GAP = 0.6
"""Frames that lie farther from all placed ones than this share of the width overlap too little to be placed."""

MOST_LOST_FRAMES = 45
"""After so many frames in a row that could not be placed the sweep has left the nailfold."""

MOST_PIXELS = 40_000_000
SEAM_SHARPNESS = 6
"""Power of the weights: high enough that nearly every pixel comes from the frame whose middle is nearest, low enough
that no seam shows."""


@dataclass(frozen=True)
class PlacedFrame:
    """A frame in the panorama: its picture, its pose and its gain against the first one's brightness, per channel."""

    image_rgb: ByteImage
    pose: Pose
    view: RegistrationView


@dataclass(frozen=True)
class Panorama:
    """A stitched sweep.

    Attributes:
        image_rgb: uint8 (height, width, 3), RGB; what no frame saw is filled with the mean colour around.
        seen: bool (height, width), where a frame saw something.
        frames: how many frames it was made of.
        travelled_px: distance between the outermost frames.
        likeness: median correlation of each frame with the one it was placed against: how well they fit.
    """

    image_rgb: ByteImage
    seen: NDArray[np.bool_]
    frames: int
    travelled_px: float
    likeness: float


@dataclass
class Stitcher:
    """Takes the frames of one sweep as they come, then makes the panorama. Used from one thread.

    Attributes:
        lost_frames: frames in a row that could not be placed; 0 while the sweep goes well.
        travelled_px: between the outermost placed frames so far.
    """

    lost_frames: int = 0
    travelled_px: float = 0.0
    _placed: list[PlacedFrame] = field(default_factory=list)
    _candidate: PlacedFrame | None = None
    _newest: PlacedFrame | None = None
    _at: Pose = field(default_factory=lambda: Pose(0.0, 0.0, 0.0))
    _step: tuple[float, float] = (0.0, 0.0)
    _likenesses: list[float] = field(default_factory=list)

    def add(self, image_rgb: ByteImage) -> bool:
        """Whether the frame could be placed; uint8 RGB (height, width, 3), all of one size.

        Raises:
            ExamError: the frames changed their size, or the sweep lost the nailfold for good.
        """
        view = registration_view(image_rgb)
        if not self._placed:
            self._placed.append(PlacedFrame(image_rgb, Pose(0.0, 0.0, 0.0), view))
            return True
        if image_rgb.shape != self._placed[0].image_rgb.shape:
            raise ExamError("the camera changed its picture size during the sweep", "Sweep again.")
        found = self._place(view)
        if found is None:
            self.lost_frames, self._step = self.lost_frames + 1, (0.0, 0.0)
            if self.lost_frames > MOST_LOST_FRAMES:
                raise ExamError(
                    "the sweep lost the nailfold",
                    "Sweep again, more slowly, with the row in the middle of the picture.",
                )
            return False
        self.lost_frames, self._step = 0, (found.pose.x - self._at.x, found.pose.y - self._at.y)
        self._at = found.pose
        self._consider(found)
        return True

    def panorama(self) -> Panorama:
        """The picture of the whole sweep.

        Raises:
            ExamError: the view hardly moved, or the picture would be too large.
        """
        if self._newest is not None and self._gap(self._newest) > END_STEP:
            self._use(self._newest)
        if len(self._placed) < 2:
            raise ExamError("the picture hardly moved during the sweep", "Sweep along the nailfold, slowly.")
        likeness = float(np.median(self._likenesses))
        image, seen = _blend(self._placed)
        return Panorama(image, seen, len(self._placed), self.travelled_px, likeness)

    def _place(self, view: RegistrationView) -> PlacedFrame | None:
        """The frame against the nearest frame in use; where that fails, against the one before it."""
        # The hand goes on as it went; where it does not, phase correlation finds the shift.
        expected = Pose(self._at.x + self._step[0], self._at.y + self._step[1], self._at.turn_rad)
        nearest = min(self._placed, key=lambda placed: placed.pose.distance_to(expected))
        references = [nearest] if self._newest is None else [nearest, self._newest]
        for reference in references:
            found = register(reference.view, view, reference.pose.between(expected))
            if found is not None and math.hypot(found.pose.x, found.pose.y) < LONGEST_GAP * view.width_px:
                self._likenesses.append(found.likeness)
                return PlacedFrame(view.image_rgb, reference.pose.then(found.pose), view)
        return None

    def _consider(self, found: PlacedFrame) -> None:
        """Use the frame, or the sharpest of those before it, where the view has moved far enough."""
        self._newest, gap = found, self._gap(found)
        if gap < CANDIDATE_STEP:
            self._candidate = None
            return
        if self._candidate is None or found.view.sharpness >= self._candidate.view.sharpness:
            self._candidate = found
        usual = float(np.median([placed.view.sharpness for placed in self._placed]))
        is_blurred = self._candidate.view.sharpness < BLURRED_SHARE * usual
        if gap >= (LATEST_STEP if is_blurred else KEYFRAME_STEP):
            self._use(self._candidate)

    def _gap(self, found: PlacedFrame) -> float:
        """To the nearest frame in use, in frame widths."""
        return min(placed.pose.distance_to(found.pose) for placed in self._placed) / found.view.width_px

    def _use(self, found: PlacedFrame) -> None:
        self._placed.append(found)
        self._candidate = None
        first = self._placed[0].pose
        far = max(self._placed, key=lambda placed: placed.pose.distance_to(first)).pose
        self.travelled_px = max(placed.pose.distance_to(far) for placed in self._placed)


def _blend(placed: list[PlacedFrame]) -> tuple[ByteImage, NDArray[np.bool_]]:
    """All frames on one canvas, each weighted towards its own middle."""
    height, width = placed[0].image_rgb.shape[:2]
    corners = np.concatenate([one.pose.map(_corners(width, height)) for one in placed])
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    canvas_width, canvas_height = (int(side) + 1 for side in high - low)
    if canvas_width * canvas_height > MOST_PIXELS:
        raise ExamError(f"the panorama would have {canvas_width} x {canvas_height} pixels", "Sweep a shorter way.")
    colour = np.zeros((canvas_height, canvas_width, 3), np.float32)
    total = np.zeros((canvas_height, canvas_width), np.float32)
    weight = _weight(width, height)
    gains = _gains(placed)
    for one, gain in zip(placed, gains, strict=True):
        matrix, left, top, size = _window(one.pose, low, (width, height), (canvas_width, canvas_height))
        area = (slice(top, top + size[1]), slice(left, left + size[0]))
        share = cv2.warpAffine(weight, matrix, size)
        picture = cv2.warpAffine(
            one.image_rgb.astype(np.float32) * gain,
            matrix,
            size,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        colour[area] += picture * share[:, :, None]
        total[area] += share
    seen = total > 0
    colour[seen] /= total[seen][:, None]
    image = np.clip(colour + 0.5, 0, 255).astype(np.uint8)
    return _fill(image, seen), np.asarray(seen)


def _window(
    pose: Pose, low: NDArray[np.floating], size: tuple[int, int], canvas: tuple[int, int]
) -> tuple[NDArray[np.float64], int, int, tuple[int, int]]:
    """Affine matrix of a frame into its own window of the canvas, and where that window lies."""
    corners = pose.map(_corners(*size)) - low
    left, top = (max(0, int(side)) for side in np.floor(corners.min(axis=0)))
    right, bottom = (int(side) + 1 for side in np.ceil(corners.max(axis=0)))
    matrix = pose.matrix()
    matrix[:, 2] -= low + np.array([left, top])
    return matrix, left, top, (min(right, canvas[0]) - left, min(bottom, canvas[1]) - top)


def _corners(width: int, height: int) -> NDArray[np.float64]:
    return np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], dtype=np.float64)


def _weight(width: int, height: int) -> NDArray[np.float32]:
    """1 in the middle column and falling to the sides; hardly to top and bottom, where frames rarely overlap."""
    across = 1 - np.abs(np.linspace(-1, 1, width))
    down = np.minimum(1.0, 8 * (1 - np.abs(np.linspace(-1, 1, height))))
    return np.asarray(np.outer(down, across**SEAM_SHARPNESS) + 1e-6, dtype=np.float32)


def _gains(placed: list[PlacedFrame]) -> list[NDArray[np.float32]]:
    """Takes the camera's own changes of exposure and white balance out, frame by frame along the sweep."""
    means = np.array([np.median(one.image_rgb[::8, ::8].reshape(-1, 3), axis=0) for one in placed]) + 1.0
    usual = np.median(means, axis=0)
    return [np.clip(usual / mean, 0.85, 1.18).astype(np.float32) for mean in means]


def _fill(image: ByteImage, seen: NDArray[np.bool_]) -> ByteImage:
    """Smooth colour where nothing was seen, so that no edge looks like a vessel."""
    if seen.all():
        return image
    small_size = (max(1, image.shape[1] // 16), max(1, image.shape[0] // 16))
    known = cv2.resize(seen.astype(np.float32), small_size, interpolation=cv2.INTER_AREA)
    colour = cv2.resize(image.astype(np.float32) * seen[:, :, None], small_size, interpolation=cv2.INTER_AREA)
    spread = max(3.0, small_size[1] / 3)
    smooth = (
        cv2.GaussianBlur(colour, (0, 0), spread) / np.maximum(cv2.GaussianBlur(known, (0, 0), spread), 1e-3)[:, :, None]
    )
    filling = cv2.resize(smooth, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.where(seen[:, :, None], image, np.clip(filling, 0, 255).astype(np.uint8))
