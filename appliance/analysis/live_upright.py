"""Which way the finger lies in a live picture: one further look of the detector now and then, no search in a frame."""

import math

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.orientation import FAR_MORE, LEAST, PLAIN, DirectionEvidence, look_at, look_from, wrapped
from appliance.analysis.turned_view import view_of_turn
from appliance.domain.detection import Detections
from appliance.ports import Detector

TURNS_RAD = tuple(eighth * math.pi / 4 for eighth in (0, 2, -2, 4, 1, -1, 3, -3))
"""The turns that are tried, likely ones first; the detector knows loops that lean by half a step more."""
PLAIN_EVERY_S = 1.0
"""Between two looks at a finger that plainly lies as it is seen: then only its being upside down is asked."""
SEARCHED_EVERY_S = 0.25
"""Between two looks elsewhere while little is seen. All the turns have had theirs within two seconds."""
SOUND = 0.1
"""Evidence of this share of the scores: the loops stand, and do not lie, in the view that is to be taken."""


class UprightWatch:
    """The turn by which a video is seen upright, from one thread.

    A turn has to show more than the present one twice, so that one blurred frame turns nothing. Then all the others are
    tried as well: a finger on its head is found lying on its side, too, if worse.
    """

    def __init__(self) -> None:
        self._turn_rad = 0.0
        self._favourite_rad: float | None = None
        self._to_try: list[float] = []
        self._due_s = -math.inf
        self._looked_s = math.inf

    @property
    def turn_rad(self) -> float:
        """Clockwise turn of the finger on the screen, one of `TURNS_RAD`; 0 until something else is known."""
        return self._turn_rad

    def look(
        self,
        detector: Detector,
        image_rgb: NDArray[np.uint8],
        shown_rgb: NDArray[np.uint8],
        found: Detections,
        at_s: float,
    ) -> None:
        """One more frame; most of the time nothing is done.

        Args:
            image_rgb: the frame as it came, uint8 [height, width, 3].
            shown_rgb, found: the frame seen upright by `turn_rad`, and what the detector found in that view.
            at_s: when it was captured, in seconds of a clock that only goes up.

        Raises:
            InferenceError: the detector failed.
        """
        if not self._looked_s <= at_s:  # the first frame of a video
            self._looked_s, self._due_s = at_s, at_s + SEARCHED_EVERY_S
        if at_s < self._due_s:
            return
        self._looked_s = at_s
        view = view_of_turn(image_rgb.shape[1], image_rgb.shape[0], self._turn_rad)
        present = look_from(shown_rgb, found, view)
        is_plain = present.scores >= LEAST and present.evidence > PLAIN * present.scores
        if not self._to_try and not is_plain:
            self._to_try = self._others()
        other = look_at(detector, image_rgb, self._next_turn())
        self._settle(present, other)
        is_searching = self._favourite_rad is not None or self._to_try or not is_plain
        self._due_s = at_s + (SEARCHED_EVERY_S if is_searching else PLAIN_EVERY_S)

    def _next_turn(self) -> float:
        if self._favourite_rad is not None:
            return self._favourite_rad
        return self._to_try.pop(0) if self._to_try else wrapped(self._turn_rad + math.pi)

    def _settle(self, present: DirectionEvidence, other: DirectionEvidence) -> None:
        is_sound = other.scores >= LEAST and other.evidence >= SOUND * other.scores
        is_better = is_sound and other.evidence >= FAR_MORE * present.evidence
        if is_better and self._favourite_rad is not None:
            self._turn_rad, self._favourite_rad = other.turn_rad, None
            self._to_try = self._others()
        else:
            self._favourite_rad = other.turn_rad if is_better else None

    def _others(self) -> list[float]:
        return [turn for turn in TURNS_RAD if abs(wrapped(turn - self._turn_rad)) > 1e-6]
