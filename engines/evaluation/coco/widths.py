"""Errors of the three widths of found loops, where the labels carry end points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from appliance.domain.measurement import Capillary, MeasuredWidth
from engines.datasets.labels import WIDTH_NAMES
from engines.evaluation.coco.bootstrap import Bootstrap, Estimate, FloatArray
from engines.evaluation.coco.pairing import Pair

CORRECT_WITHIN_SHARE = 0.20
CORRECT_WITHIN_PX = 1.0
"""A width is right within a fifth of the labelled one, or a pixel where that is more: no labelling tool is finer. Our
definition; the reference paper gives its share of right measurements without saying how they were judged."""

MEASURES = ("mean_error", "bias", "median_error", "p95_error")
ROWS = (*WIDTH_NAMES, "limbs", "all")


@dataclass(frozen=True)
class WidthPair:
    """One labelled width of a found loop.

    Attributes:
        image: index of the picture.
        name: "apical", "arterial" or "venous".
        true_px: as labelled.
        found_px: as measured; None where the device abstained.
        um_per_px: None without a scale.
    """

    image: int
    name: str
    true_px: float
    found_px: float | None
    um_per_px: float | None

    @property
    def is_right(self) -> bool:
        allowed_px = max(CORRECT_WITHIN_PX, CORRECT_WITHIN_SHARE * self.true_px)
        return self.found_px is not None and abs(self.found_px - self.true_px) <= allowed_px


@dataclass(frozen=True)
class WidthFigures:
    """Of one width.

    Attributes:
        labelled, measured: widths of found loops that carry a label, and of these the measured ones.
        share_measured: measured over labelled.
        share_right: right over labelled; an abstention is not right.
        errors_px: by measure ("mean_error", "median_error", "p95_error" of the absolute error; "bias" is found - true).
        errors_um: the same of pictures with a scale.
        measured_um: how many those are.
    """

    labelled: int
    measured: int
    share_measured: Estimate
    share_right: Estimate
    errors_px: dict[str, Estimate]
    errors_um: dict[str, Estimate]
    measured_um: int


def pair_widths(pairs: Sequence[Pair]) -> list[WidthPair]:
    """Every labelled width of every found loop."""
    return [
        WidthPair(pair.image, name, segment.length_px, _px(pair.found, name), pair.um_per_px)
        for pair in pairs
        for name, segment in pair.target.label.segments().items()
    ]


def width_figures(widths: Sequence[WidthPair], bootstrap: Bootstrap) -> dict[str, WidthFigures]:
    """By width, for both limbs together and for all; empty where no label carries a width."""
    members = {name: (name,) for name in WIDTH_NAMES} | {"limbs": WIDTH_NAMES[1:], "all": WIDTH_NAMES}
    chosen = {row: [width for width in widths if width.name in members[row]] for row in ROWS}
    return {row: _figures(one, bootstrap) for row, one in chosen.items() if one}


def _figures(widths: Sequence[WidthPair], bootstrap: Bootstrap) -> WidthFigures:
    measured = [(one.image, one.found_px - one.true_px, one.um_per_px) for one in widths if one.found_px is not None]
    scaled = [(image, error * um_per_px) for image, error, um_per_px in measured if um_per_px is not None]
    labelled = _per_image([one.image for one in widths], bootstrap.images)
    return WidthFigures(
        labelled=len(widths),
        measured=len(measured),
        share_measured=bootstrap.ratio(_per_image([image for image, _, _ in measured], bootstrap.images), labelled),
        share_right=bootstrap.ratio(
            _per_image([one.image for one in widths if one.is_right], bootstrap.images), labelled
        ),
        errors_px=_errors([(image, error) for image, error, _ in measured], bootstrap),
        errors_um=_errors(scaled, bootstrap),
        measured_um=len(scaled),
    )


def _errors(errors: Sequence[tuple[int, float]], bootstrap: Bootstrap) -> dict[str, Estimate]:
    table = np.array(errors, dtype=np.float64).reshape(-1, 2)
    image, error = table[:, 0].astype(np.intp), table[:, 1]

    def measures(weights: FloatArray) -> FloatArray:
        sample = np.repeat(error, weights[image].astype(np.intp))
        if not len(sample):
            return np.full(len(MEASURES), np.nan)
        size = np.abs(sample)
        return np.array([size.mean(), sample.mean(), np.median(size), np.percentile(size, 95)])

    return dict(zip(MEASURES, bootstrap.estimates(measures), strict=True))


def _per_image(images: Sequence[int], count: int) -> FloatArray:
    return np.bincount(np.array(images, dtype=np.intp), minlength=count).astype(np.float64)


def _px(found: Capillary, name: str) -> float | None:
    width: MeasuredWidth | None = getattr(found, name)
    return None if width is None else width.px
