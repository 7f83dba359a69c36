"""Where one frame lies against another of the same nailfold: a shift and a small turn, to a part of a pixel."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.quality import PictureFigures, measure_picture, shift_between

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

WORK_WIDTH = 320
"""Frames are compared in copies of this width: the vessels' outlines stay, most noise goes."""

ROUGH = 2
"""The first guess is checked in copies smaller by this much again."""

MIN_LIKENESS = 0.6
"""Correlation of the two frames, where they overlap, below which they are not called the same place. Six rendered
sweeps, in which blood flows through the loops, stay above 0.87."""

MIN_OVERLAP = 0.25
STEPS, ENOUGH = 40, 1e-4
"""Of the alignment: at most so many steps, fewer when the correlation no longer rises by more than the second."""

MOST_TURN_RAD = math.radians(12)
"""A hand does not turn the scope farther between two frames that are compared; a larger turn is a false match."""


@dataclass(frozen=True)
class Pose:
    """Maps a frame's pixel to another's: a turn (clockwise on the screen, radians) about the origin, then a shift."""

    x: float
    y: float
    turn_rad: float

    def matrix(self) -> FloatArray:
        """Affine (2, 3)."""
        cos, sin = math.cos(self.turn_rad), math.sin(self.turn_rad)
        return np.array([[cos, -sin, self.x], [sin, cos, self.y]])

    def map(self, points_px: FloatArray) -> FloatArray:
        """Points (N, 2)."""
        matrix = self.matrix()
        return np.asarray(points_px @ matrix[:, :2].T + matrix[:, 2])

    def then(self, inner: "Pose") -> "Pose":
        """First `inner`, then this one."""
        x, y = self.map(np.array([[inner.x, inner.y]]))[0]
        return Pose(float(x), float(y), self.turn_rad + inner.turn_rad)

    def between(self, other: "Pose") -> "Pose":
        """What takes `other`'s pixels to this one's, both being poses in one panorama."""
        turn = other.turn_rad - self.turn_rad
        offset = np.array([[other.x - self.x, other.y - self.y]])
        x, y = Pose(0.0, 0.0, -self.turn_rad).map(offset)[0]
        return Pose(float(x), float(y), turn)

    def distance_to(self, other: "Pose") -> float:
        """Between the two origins, in pixels; for small turns how far apart the frames lie."""
        return math.hypot(self.x - other.x, self.y - other.y)


@dataclass(frozen=True)
class RegistrationView:
    """What is needed of a frame to compare it.

    Attributes:
        vessels: float32 (h, w), WORK_WIDTH wide: what is finer than the light's unevenness, without noise.
        scale: pixels of the frame per pixel of `vessels`.
        figures: of quality control, for the first guess.
    """

    image_rgb: NDArray[np.uint8]
    vessels: FloatImage
    scale: float
    figures: PictureFigures

    @property
    def width_px(self) -> int:
        return int(self.image_rgb.shape[1])

    @property
    def sharpness(self) -> float:
        """Comparable between frames of one sweep."""
        return self.figures.focus


@dataclass(frozen=True)
class Registration:
    """The pose of one frame in another's pixels, and how alike both are where they overlap (correlation, to 1)."""

    pose: Pose
    likeness: float


def registration_view(image_rgb: NDArray[np.uint8]) -> RegistrationView:
    """A frame, uint8 RGB (height, width, 3), made ready in a few milliseconds."""
    height, width = image_rgb.shape[:2]
    scale = width / WORK_WIDTH
    size = (WORK_WIDTH, round(height / scale))
    green = cv2.resize(cv2.extractChannel(image_rgb, 1), size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = cv2.resize(green, (size[0] // 4, size[1] // 4), interpolation=cv2.INTER_AREA)
    light = cv2.resize(cv2.GaussianBlur(small, (0, 0), 4.0), size, interpolation=cv2.INTER_LINEAR)
    vessels = np.asarray(cv2.GaussianBlur(green - light, (0, 0), 1.0), dtype=np.float32)
    return RegistrationView(image_rgb, vessels, scale, measure_picture(image_rgb))


def register(before: RegistrationView, after: RegistrationView, guess: Pose) -> Registration | None:
    """Where `after` lies in `before`'s pixels; None where they do not show the same place.

    The start is `guess` or the shift by phase correlation, first the one that lays the vessels better on each other;
    from there shift and turn are changed until the correlation is highest (ECC; Evangelidis and Psarakis 2008, doi
    10.1109/TPAMI.2008.113). It looks at every pixel, so blood that flows through a loop does not carry it along.
    """
    found = shift_between(before.figures, after.figures)
    starts = [guess] if found is None else [guess, Pose(-found[0][0], -found[0][1], guess.turn_rad)]
    for start in sorted(starts, key=lambda pose: -_rough_likeness(before, after, pose)):
        if (aligned := _align(before, after, start)) is not None:
            return aligned
    return None


def _align(before: RegistrationView, after: RegistrationView, start: Pose) -> Registration | None:
    warp = _inverse(_scaled(start, 1 / after.scale)).matrix().astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, ENOUGH)
    try:
        likeness, warp = cv2.findTransformECC(
            before.vessels, after.vessels, warp, cv2.MOTION_EUCLIDEAN, criteria, None, 1
        )
    except cv2.error:  # it did not converge: there is nothing in common
        return None
    onto_after = Pose(float(warp[0, 2]), float(warp[1, 2]), math.atan2(float(warp[1, 0]), float(warp[0, 0])))
    pose = _scaled(_inverse(onto_after), after.scale)
    if likeness < MIN_LIKENESS or abs(pose.turn_rad) > MOST_TURN_RAD:
        return None
    return Registration(pose, float(likeness))


def _rough_likeness(before: RegistrationView, after: RegistrationView, pose: Pose) -> float:
    """Correlation of the vessels after placing `after` by `pose`; -1 where they hardly overlap."""
    height, width = (side // ROUGH for side in before.vessels.shape)
    one, two = (cv2.resize(view.vessels, (width, height), interpolation=cv2.INTER_AREA) for view in (before, after))
    matrix = _scaled(pose, 1 / (after.scale * ROUGH)).matrix()
    placed = cv2.warpAffine(two, matrix, (width, height))
    shared = cv2.warpAffine(np.ones_like(two), matrix, (width, height)) > 0.99
    if shared.mean() < MIN_OVERLAP:
        return -1.0
    a, b = one[shared] - one[shared].mean(), placed[shared] - placed[shared].mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-6))


def _inverse(pose: Pose) -> Pose:
    x, y = Pose(0.0, 0.0, -pose.turn_rad).map(np.array([[-pose.x, -pose.y]]))[0]
    return Pose(float(x), float(y), -pose.turn_rad)


def _scaled(pose: Pose, by: float) -> Pose:
    """The same movement in pixels of another size. A pixel's centre at c lies at by * (c + 1/2) - 1/2 of the other."""
    half = (by - 1) / 2
    moved = pose.map(np.array([[-half / by, -half / by]]))[0] * by + half
    return Pose(float(moved[0]), float(moved[1]), pose.turn_rad)
