"""Whether the scope presses the blood out of the nailfold, seen by what changed in the last seconds.

One picture cannot tell pressure from an avascular area, and calling the one the other would hide a finding. Pressure
comes and goes within seconds: the skin pales (less green is taken from the light) and the vessels lose contrast, both
at once, and while the picture is neither blurred nor moved away. So each picture is compared with the reddest of the
last seconds of the same view.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from appliance.analysis.matching import Shift
from appliance.analysis.quality import PictureFigures
from appliance.analysis.settings import AnalysisSettings

MEMORY_S = 8.0
"""How long the unpressed skin is remembered: a hand that rests heavily presses for longer, but begins within this."""

MIN_MEMORY_S = 0.5
"""Before so much was seen of one view nothing is said."""

SAME_VIEW_OF_WIDTH = 0.15
"""Moved by more than this, in frame widths, the picture shows other skin, which may be paler by itself."""

SAME_FOCUS = 0.7
"""A picture with less than this share of the remembered focus has lost contrast by blur, not by pressure."""


@dataclass(frozen=True)
class _Glimpse:
    at_s: float
    redness: float
    contrast: float
    focus: float


class BlanchingWatch:
    """Follows one camera; used from one thread."""

    def __init__(self, settings: AnalysisSettings) -> None:
        self._settings = settings
        self._seen: deque[_Glimpse] = deque()
        self._moved = np.zeros(2)

    def look(self, figures: PictureFigures, at_s: float, shift_of_width: Shift | None) -> bool:
        """Whether this picture is blanched.

        Args:
            at_s: capture time on a clock that only goes up.
            shift_of_width: against the picture before, in frame widths; None where it shows something else.
        """
        if not self._is_same_view(shift_of_width) or (self._seen and at_s < self._seen[-1].at_s):
            self._seen.clear()
            self._moved[:] = 0
        while self._seen and at_s - self._seen[0].at_s > MEMORY_S:
            self._seen.popleft()
        is_blanched = self._is_paler(figures, at_s)
        # What is blanched is no measure of unpressed skin.
        if not is_blanched:
            self._seen.append(_Glimpse(at_s, figures.redness, figures.contrast, figures.focus))
        return is_blanched

    def _is_same_view(self, shift_of_width: Shift | None) -> bool:
        if shift_of_width is None:
            return False
        self._moved += shift_of_width
        return bool(np.hypot(*self._moved) <= SAME_VIEW_OF_WIDTH)

    def _is_paler(self, figures: PictureFigures, at_s: float) -> bool:
        if not self._seen or at_s - self._seen[0].at_s < MIN_MEMORY_S:
            return False
        before = max(self._seen, key=lambda seen: seen.redness)
        colour_fall = before.redness - figures.redness
        detail_fall = 1 - figures.contrast / max(before.contrast, 1e-6)
        return (
            colour_fall > self._settings.blanched_colour_fall
            and detail_fall > self._settings.blanched_detail_fall
            and figures.focus >= SAME_FOCUS * before.focus
        )
