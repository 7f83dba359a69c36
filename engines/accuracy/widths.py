"""Errors of measured widths against the renderer's truth, in pixels of the frame."""

from dataclasses import dataclass, field

import numpy as np

from appliance.domain.keypoints import WidthSegment
from engines.synthetic.truth import Segment

MIN_WIDTH_PX = 8.0
"""Errors are also given for loops of at least this width, below which a pixel is more than an eighth."""


@dataclass
class WidthErrors:
    """Found and true widths so far, by name ("apical", "arterial", "venous").

    Attributes:
        pairs: (found px, true px) where both exist.
        true_count: widths that exist.
        false_count: widths claimed where none can be measured.
    """

    pairs: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    true_count: dict[str, int] = field(default_factory=dict)
    false_count: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, found: WidthSegment | None, true: Segment | None) -> None:
        """Count one width of one loop."""
        self.true_count[name] = self.true_count.get(name, 0) + (true is not None)
        self.false_count[name] = self.false_count.get(name, 0) + (true is None and found is not None)
        if found is not None and true is not None:
            self.pairs.setdefault(name, []).append((found.length_px, WidthSegment(*true).length_px))

    def figures(self) -> dict[str, float | None]:
        """By width: mean absolute error, bias, error from MIN_WIDTH_PX, share measured, number claimed wrongly."""
        figures: dict[str, float | None] = {}
        for name, true_count in self.true_count.items():
            pairs = np.array(self.pairs.get(name, [])).reshape(-1, 2)
            large = pairs[pairs[:, 1] >= MIN_WIDTH_PX]
            figures[f"{name}_mae_px"] = _mean(np.abs(pairs[:, 0] - pairs[:, 1]))
            figures[f"{name}_bias_px"] = _mean(pairs[:, 0] - pairs[:, 1])
            figures[f"{name}_mae_px_from_8px"] = _mean(np.abs(large[:, 0] - large[:, 1]))
            figures[f"{name}_relative_error"] = _mean(np.abs(pairs[:, 0] / np.maximum(pairs[:, 1], 1e-6) - 1))
            figures[f"{name}_measured"] = len(pairs) / true_count if true_count else None
            figures[f"{name}_claimed_wrongly"] = float(self.false_count[name])
        return figures


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    return float(values.mean()) if len(values) else None
