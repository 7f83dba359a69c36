"""How far two exams of one patient must differ before the difference means something."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.domain import sources
from appliance.domain.exam_figures import Figure
from appliance.domain.said_beside import RAMIFIED_RULE


@dataclass(frozen=True)
class Repeatability:
    """What is published on taking the images of a finger again.

    Attributes:
        icc: intraclass correlation of one finger's images taken again after a week, by the same reader.
        icc_same_visit: of images of one visit.
        between_patients_sd: standard deviation over patients, in the figure's unit; None where none is published.
        source: citation.
    """

    icc: float
    icc_same_visit: float
    between_patients_sd: float | None
    source: str

    def smallest_detectable_change(self, fingers: int = 1) -> float | None:
        """1.96 x sqrt 2 x standard error of the mean of so many fingers; None without a spread. Derived by us.

        The error variance of one finger is SD squared x (1 - icc). Of it SD squared x (1 - icc_same_visit) is met
        within one visit and taken as independent from finger to finger, so it shrinks with their number. The rest
        comes with the other day (temperature, tone of the vessels), may be common to all fingers and is not averaged:
        the careful end. One finger: 1.96 x 1.414 x 1.5 x sqrt 0.35 = 2.5 per mm; eight: x sqrt (0.27 + 0.08 / 8) = 2.2.
        """
        if self.between_patients_sd is None:
            return None
        share = (self.icc_same_visit - self.icc) + (1 - self.icc_same_visit) / max(fingers, 1)
        return 1.96 * math.sqrt(2) * self.between_patients_sd * math.sqrt(share)


PUBLISHED: Mapping[str, Repeatability] = {
    # Standard deviations over patients 1.1 (active) to 1.5 (late pattern) per mm, the wider one taken.
    "density_per_mm": Repeatability(0.65, 0.92, 1.5, sources.REPEATABILITY),
    "mean_apical_um": Repeatability(0.79, 0.91, None, sources.REPEATABILITY),
}
"""Two exams are images taken again, so the correlations are those of taking again, not of reading one image twice (0.91
to 0.92). For widths no spread over patients was found that would turn 0.79 into micrometres, and for counts no
correlation: these have no published limit, and pages and report say so beside the change."""


@dataclass(frozen=True)
class FigureChange:
    """From one exam to a later one.

    Attributes:
        key: of the figure.
        by: later minus earlier.
        limit: smallest difference that counts; None where neither a published limit nor an uncertainty is known.
        is_limit_published: the published repeatability is part of the limit.
        fingers: how many fingers the published limit is for; 1 without one.
    """

    key: str
    by: float
    limit: float | None
    is_limit_published: bool
    fingers: int = 1

    @property
    def is_significant(self) -> bool | None:
        """None where it cannot be said."""
        return None if self.limit is None else abs(self.by) > self.limit


def change(key: str, earlier: Figure, later: Figure) -> FigureChange | None:
    """The change of one figure; None where either has no number, or the two count by different rules of the site.

    The limit is the larger of the smallest detectable change from published repeatability and the 95 % uncertainty of
    the difference between these two exams. A figure whose basis counts "fingers" is their mean.
    """
    if not isinstance(earlier.value, int | float) or not isinstance(later.value, int | float):
        return None
    if earlier.basis.get(RAMIFIED_RULE) != later.basis.get(RAMIFIED_RULE):
        return None
    fingers = min(int(one.basis.get("fingers", 1)) for one in (earlier, later))
    published = PUBLISHED[key].smallest_detectable_change(fingers) if key in PUBLISHED else None
    limits = [] if published is None else [published]
    if earlier.uncertainty is not None and later.uncertainty is not None:
        limits.append(math.hypot(earlier.uncertainty, later.uncertainty))
    return FigureChange(key, later.value - earlier.value, max(limits, default=None), published is not None, fingers)
