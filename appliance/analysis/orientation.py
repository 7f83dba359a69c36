"""Which way the finger lies in a still, so that it can be turned upright before it is measured."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.analysis.turned_view import TurnedView, view_of_turn
from appliance.analysis.vessel_axis import vessel_axis
from appliance.domain.detection import Detections
from appliance.ports import Detector

TURNS_RAD = tuple(_eighth * math.pi / 4 for _eighth in (1, -1, 2, -2, 3, -3, 4))
"""Looked at beside the picture as it is: the detector knows loops that lean by up to 30 degrees."""
ONE_LOOK_PX = 640
LEAST_AGREEMENT = 0.08
"""Lines that agree less say nothing; of 48 real tiles, nine agree less, and none of those gives its loops' axis."""
MIN_AXIS_TURN_RAD = math.radians(12)
"""An axis nearer to one of those turns than this is seen well enough there."""
FAR_MORE = 1.3
"""Another direction must show this many times what the picture shows as it is: most fingers are upright."""
OPPOSITE = 0.7
"""Where a picture stood on its head shows this share of what it shows turned, nobody can tell which end is up."""
PLAIN = 0.3
"""Evidence of this share of the scores: clearly upright, so only the opposite turn is tried too."""
CONFIDENT = 0.4
"""Scores below do not count, whatever the detector's own threshold is."""
LEAST = 3.0
"""A direction needs so much evidence, in sums of scores: about four clear loops."""
MIN_TURN_RAD = math.radians(20)
"""Less is not worth turning: the networks are trained with it, and every turn costs sharpness and the sides of boxes.
Real tiles turned by 30 degrees gain by it; upright ones would lose from 14 on (docs/decisions, sixth round)."""
MIN_LEAN_RAD = math.radians(12)
"""A picture that is good as it is gets looked at once more where its lines lean by this."""
MIN_LEFT_RAD = math.radians(5)
"""The same where it is turned by no quarter anyhow: a finer turn costs no more sharpness then; quarters are exact."""
EXACT_RAD = 1e-6
AS_MUCH = 0.9
"""After the last, fine turn at least this share of the scores must still be there."""


@dataclass(frozen=True)
class Orientation:
    """How the finger lies.

    Attributes:
        turn_rad: clockwise turn of the finger on the screen, -pi to pi; exactly 0 where the picture is good as it is.
        is_known: False where the picture shows loops in more than one direction, and none can be trusted.
    """

    turn_rad: float = 0.0
    is_known: bool = True


UPRIGHT = Orientation()


@dataclass(frozen=True)
class DirectionEvidence:
    """What the detector says of the picture after undoing a turn.

    Attributes:
        scores: sum of the confident ones.
        evidence: the same as far as the lines inside the boxes stand upright: a box over something else holds lines in
            every direction, and loops that lie on their side are found too, if worse.
        lean_rad: of those lines, clockwise.
    """

    turn_rad: float
    scores: float
    evidence: float
    lean_rad: float


def find_orientation(detector: Detector, image_rgb: NDArray[np.uint8]) -> Orientation:
    """The finger's direction in a picture, uint8 RGB [height, width, 3].

    The thin lines of the picture give an axis and the detector its sign: the loops' bends look one way only. Eight
    turns are tried as well, since furrows and hairs are lines as well. The lines inside the boxes that are found then
    give the exact direction.
    """
    image_rgb = _shrunk(image_rgb)
    upright = look_at(detector, image_rgb, 0.0)
    is_plain = upright.scores >= LEAST and upright.evidence > PLAIN * upright.scores
    turns = (math.pi,) if is_plain else (*TURNS_RAD, *_axis_turns(image_rgb))
    looks = [upright, *(look_at(detector, image_rgb, turn) for turn in turns)]
    best = max(looks, key=lambda look: look.evidence)
    if best.scores < LEAST or best.evidence < FAR_MORE * upright.evidence:
        best = upright
    elif _opposite_of(best, looks).evidence > OPPOSITE * best.evidence:
        return Orientation(0.0, is_known=False)
    best = _refined(detector, image_rgb, best)
    return Orientation(best.turn_rad if abs(best.turn_rad) >= MIN_TURN_RAD else 0.0)


def _shrunk(image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture no larger than one look of the detector takes it: turning a large one a dozen times takes seconds."""
    scale = ONE_LOOK_PX / max(image_rgb.shape[:2])
    if scale >= 1:
        return image_rgb
    return np.asarray(cv2.resize(image_rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _axis_turns(image_rgb: NDArray[np.uint8]) -> tuple[float, ...]:
    """The two turns that would bring the picture's lines upright, unless one of the eight does."""
    axis, agreement = vessel_axis(image_rgb)
    from_eighth = abs((axis + math.pi / 8) % (math.pi / 4) - math.pi / 8)
    if agreement < LEAST_AGREEMENT or from_eighth < MIN_AXIS_TURN_RAD:
        return ()
    return axis, wrapped(axis + math.pi)


def _refined(detector: Detector, image_rgb: NDArray[np.uint8], look: DirectionEvidence) -> DirectionEvidence:
    """The look after a further turn by what the lines inside its boxes still lean, if that shows no less."""
    from_quarter = abs(math.remainder(look.turn_rad, math.pi / 2))
    least = MIN_LEAN_RAD if from_quarter < EXACT_RAD else MIN_LEFT_RAD
    if look.scores < LEAST or abs(look.lean_rad) < least:
        return look
    further = look_at(detector, image_rgb, wrapped(look.turn_rad + look.lean_rad))
    return further if further.scores >= AS_MUCH * look.scores else look


def look_at(detector: Detector, image_rgb: NDArray[np.uint8], turn_rad: float) -> DirectionEvidence:
    """What the detector says of the picture after undoing a clockwise turn of the finger."""
    view = view_of_turn(image_rgb.shape[1], image_rgb.shape[0], turn_rad)
    seen = view.show(image_rgb)
    return look_from(seen, detector.detect(seen), view)


def look_from(seen_rgb: NDArray[np.uint8], found: Detections, view: TurnedView) -> DirectionEvidence:
    """The same, where the detector has already been asked about the view."""
    sure = [one for one in found.capillaries if one.score >= CONFIDENT and view.shows(one.bbox)]
    lean, agreement = vessel_axis(seen_rgb, [one.bbox for one in sure]) if sure else (0.0, 0.0)
    scores = sum(one.score for one in sure)
    return DirectionEvidence(view.turn_rad, scores, scores * agreement * max(0.0, math.cos(2 * lean)), lean)


def _opposite_of(look: DirectionEvidence, looks: list[DirectionEvidence]) -> DirectionEvidence:
    """The look that shows the picture most nearly on its head."""
    return max(looks, key=lambda other: abs(wrapped(other.turn_rad - look.turn_rad)))


def wrapped(angle_rad: float) -> float:
    """The same direction from -pi to pi."""
    return (angle_rad + math.pi) % (2 * math.pi) - math.pi
