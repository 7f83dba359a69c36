"""How far two exams of one patient must differ before the difference means something."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.domain import sources
from appliance.domain.exam_figures import Figure


@dataclass(frozen=True)
class Repeatability:
    """What is published on repeating a figure.

    Attributes:
        icc: intraclass correlation within one observer, the lowest published.
        between_patients_sd: standard deviation over patients, in the figure's unit.
        source: citation.
    """

    icc: float
    between_patients_sd: float
    source: str

    @property
    def smallest_detectable_change(self) -> float:
        """1.96 x sqrt 2 x standard error of measurement, which is SD x sqrt(1 - ICC). Derived, not itself published."""
        return 1.96 * math.sqrt(2) * self.between_patients_sd * math.sqrt(1 - self.icc)


PUBLISHED: Mapping[str, Repeatability] = {
    # Within observers 0.91 to 0.92; standard deviations 1.1 (active) to 1.5 (late pattern) per mm, the wider one taken.
    "density_per_mm": Repeatability(0.91, 1.5, sources.REPEATABILITY),
}
"""For widths an intraclass correlation is published (0.91 to 0.98 within observers) but no spread over patients to turn
it into micrometres, and for counts neither: these have no published limit."""


@dataclass(frozen=True)
class Change:
    """From one exam to a later one.

    Attributes:
        key: of the figure.
        by: later minus earlier.
        limit: smallest difference that counts; None where neither a published limit nor an uncertainty is known.
        is_limit_published: the published repeatability is part of the limit.
    """

    key: str
    by: float
    limit: float | None
    is_limit_published: bool

    @property
    def is_significant(self) -> bool | None:
        """None where it cannot be said."""
        return None if self.limit is None else abs(self.by) > self.limit


def change(key: str, earlier: Figure, later: Figure) -> Change | None:
    """The change of one figure; None where either has no number.

    The limit is the larger of the smallest detectable change from published repeatability and the 95 % uncertainty of
    the difference between these two exams.
    """
    if not isinstance(earlier.value, int | float) or not isinstance(later.value, int | float):
        return None
    limits = []
    published = PUBLISHED.get(key)
    if published is not None:
        limits.append(published.smallest_detectable_change)
    if earlier.uncertainty is not None and later.uncertainty is not None:
        limits.append(math.hypot(earlier.uncertainty, later.uncertainty))
    return Change(key, later.value - earlier.value, max(limits, default=None), published is not None)
