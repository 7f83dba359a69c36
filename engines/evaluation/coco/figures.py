"""All figures of one evaluation, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engines.evaluation.coco.average_precision import AveragePrecision, coco_average_precision
from engines.evaluation.coco.bootstrap import Bootstrap, Estimate
from engines.evaluation.coco.counting import Confusion, CountingRow, confuse, count_table
from engines.evaluation.coco.density import DensityFigures, density_figures
from engines.evaluation.coco.outcome import Outcome
from engines.evaluation.coco.pairing import MIN_IOU, matched_loops, pair_loops
from engines.evaluation.coco.sizes import NAMES, SizeFigures, size_figures
from engines.evaluation.coco.widths import WidthFigures, WidthPair, pair_widths, width_figures

SCHEMA = "nailfold.evaluation/1"
Json = dict[str, Any]


@dataclass(frozen=True)
class Figures:
    """What the pictures say of the device.

    Attributes:
        images, labels, ignored: how many; labels without the ignored ones.
        clusters: what the intervals resample: subjects where they are known, else pictures; 0 without intervals.
        is_exhaustive: everything visible is labelled, so that a finding without a label is wrong.
        average_precision: COCO's figures.
        detection: the table at the device's confidence.
        confusion: of shapes.
        width_pairs, widths: empty without labelled widths.
        sizes, density: None without labels.
        not_evaluable: pictures that quality control refused.
    """

    images: int
    clusters: int
    labels: int
    ignored: int
    is_exhaustive: bool
    average_precision: AveragePrecision
    detection: dict[str, CountingRow]
    confusion: Confusion
    width_pairs: list[WidthPair]
    widths: dict[str, WidthFigures]
    sizes: SizeFigures | None
    density: DensityFigures | None
    not_evaluable: int


def all_figures(outcomes: Sequence[Outcome], is_exhaustive: bool, replicates: int, seed: int) -> Figures:
    """Everything that these pictures can tell."""
    bootstrap = Bootstrap(len(outcomes), replicates, seed, [outcome.image.subject for outcome in outcomes])
    targets = [target for outcome in outcomes for target in outcome.targets]
    pairs = matched_loops(outcomes)
    width_pairs = pair_widths(pairs)
    return Figures(
        images=len(outcomes),
        clusters=bootstrap.clusters if bootstrap.has_intervals else 0,
        labels=sum(target.counts for target in targets),
        ignored=sum(not target.counts for target in targets),
        is_exhaustive=is_exhaustive,
        average_precision=coco_average_precision(outcomes, bootstrap, is_exhaustive),
        detection=count_table(outcomes, bootstrap, is_exhaustive),
        confusion=confuse(outcomes),
        width_pairs=width_pairs,
        widths=width_figures(width_pairs, bootstrap),
        sizes=size_figures(pairs, bootstrap),
        density=density_figures(outcomes, bootstrap),
        not_evaluable=sum(not outcome.analysis.quality.is_evaluable for outcome in outcomes),
    )


def figures_document(figures: Figures, outcomes: Sequence[Outcome]) -> Json:
    """The figures in JSON types; a figure is {value, low, high} with its 95 % interval, null where not defined."""
    return {
        "data": {
            "images": figures.images,
            "clusters_resampled": figures.clusters,
            "images_not_evaluable": figures.not_evaluable,
            "labels": figures.labels,
            "labels_ignored": figures.ignored,
            "labels_are_exhaustive": figures.is_exhaustive,
        },
        "average_precision": _average_precision(figures.average_precision),
        "detection": {"min_iou": MIN_IOU} | {name: _counted(row) for name, row in figures.detection.items()},
        "confusion": {
            "shapes": list(figures.confusion.names),
            "rows_labelled_columns_found": figures.confusion.counts.tolist(),
        },
        "widths": {name: _plain(vars(row)) for name, row in figures.widths.items()} or None,
        "sizes": None if figures.sizes is None else {"classes": list(NAMES)} | _plain(vars(figures.sizes)),
        "density": None if figures.density is None else _density(figures.density),
        "images": [_image(outcome) for outcome in outcomes],
    }


def _average_precision(figures: AveragePrecision) -> Json:
    return {
        name: {"labels": figures.labels.get(name)} | _plain(measures) for name, measures in figures.by_class.items()
    }


def _counted(row: CountingRow) -> Json:
    document: Json = _plain(vars(row))
    return document


def _density(figures: DensityFigures) -> Json:
    rest = {name: value for name, value in vars(figures).items() if name not in ("labelled", "images")}
    return {"labelled": figures.labelled, "measured": len(figures.images), **_plain(rest)}


def _image(outcome: Outcome) -> Json:
    pairing, targets = pair_loops(outcome)
    metrics = outcome.analysis.metrics
    density = metrics.density_per_mm
    return {
        "file": outcome.image.file_name,
        "evaluable": outcome.analysis.quality.is_evaluable,
        "reasons": [reason.value for reason in outcome.analysis.quality.reasons],
        "loops_labelled": len(targets),
        "loops_right": len(pairing.hits),
        "loops_without_label": len(pairing.wrong),
        "density_per_mm": None if density is None else round(density, 2),
        "density_unmeasurable_because": metrics.density_unmeasurable_because,
        "density_per_mm_labelled": outcome.image.density_per_mm,
    }


def _plain(values: Any) -> Any:
    if isinstance(values, Estimate):
        return values.document()
    if isinstance(values, dict):
        return {name: _plain(value) for name, value in values.items()}
    return values.tolist() if isinstance(values, np.ndarray) else values
