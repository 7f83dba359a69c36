"""The figures as a person reads them: plain text, each with its 95 % interval."""

from collections.abc import Iterator, Sequence

from engines.evaluation.coco.average_precision import AveragePrecision
from engines.evaluation.coco.bootstrap import Estimate
from engines.evaluation.coco.coco_run import CLASSES
from engines.evaluation.coco.counting import Confusion, CountingRow
from engines.evaluation.coco.density import DensityFigures
from engines.evaluation.coco.figures import Figures
from engines.evaluation.coco.sizes import NAMES, SizeFigures
from engines.evaluation.coco.widths import CORRECT_WITHIN_PX, CORRECT_WITHIN_SHARE, WidthFigures

NOT_DEFINED = "-"
NOT_EXHAUSTIVE = "labels are not exhaustive: no precision, no average precision"
HEADS = {"ap": "AP 0.50:0.95", "ap50": "AP50", "ap75": "AP75", "ar": "AR"}


def report(figures: Figures, confidence: float) -> str:
    """The whole report; brackets hold 95 % intervals.

    Args:
        confidence: of the table, as the device is set.
    """
    over = "pictures" if figures.clusters == figures.images else f"{figures.clusters} subjects"
    brackets = f"in brackets: 95 % intervals over {over}" if figures.clusters else "without intervals"
    about = f"{figures.images} pictures, {figures.not_evaluable} of them not evaluable"
    lines = [
        f"{about}; {figures.labels} labels, {figures.ignored} more ignored",
        brackets,
    ]
    lines += [] if figures.is_exhaustive else [NOT_EXHAUSTIVE]
    lines += ["", *_average_precision(figures.average_precision)]
    lines += ["", *_detection(figures.detection, confidence)]
    lines += ["", *_confusion(figures.confusion)]
    lines += ["", *(_widths(figures.widths) if figures.widths else ["widths: none is labelled"])]
    lines += ["", *(_sizes(figures.sizes) if figures.sizes else ["calibre: none is labelled"])]
    lines += ["", *(_density(figures.density) if figures.density else ["density: none is labelled"])]
    return "\n".join(lines) + "\n"


def _average_precision(figures: AveragePrecision) -> Iterator[str]:
    yield "average precision and recall of the detector (COCO)"
    measures = [name for name in HEADS if name in figures.by_class["shapes"]]
    rows: list[Sequence[str]] = [("", "labels", *(HEADS[name] for name in measures))]
    for name in ("shapes", *(meaning.value for meaning in CLASSES)):
        of = figures.by_class[name]
        label = {"shapes": "mean of the shapes", "capillary": "capillary, any shape"}.get(name, name)
        values = [_number(of[measure], 3) for measure in measures]
        rows.append((label, str(figures.labels.get(name, "")), *values))
    yield from _table(rows)


def _detection(table: dict[str, CountingRow], confidence: float) -> Iterator[str]:
    yield f"found at confidence {confidence:.2f}, IoU 0.50"
    rows: list[Sequence[str]] = [("", "labels", "right", "no label", "precision", "recall", "found per label")]
    for name, row in table.items():
        precision = _percent(row.precision) if row.precision is not None else NOT_DEFINED
        label = "capillary, any shape" if name == "capillary" else name
        counts = (str(row.labels), str(row.hits), str(row.without_label))
        rows.append((label, *counts, precision, _percent(row.recall), _number(row.found_per_label, 2)))
    yield from _table(rows)


def _confusion(confusion: Confusion) -> Iterator[str]:
    yield "shapes: labelled (rows) and found (columns)"
    rows: list[Sequence[str]] = [("", *confusion.names, "missed")]
    for name, counts in zip(confusion.names, confusion.counts, strict=False):
        rows.append((name, *map(str, counts)))
    rows.append(("no label", *map(str, confusion.counts[-1, :-1]), ""))
    yield from _table(rows)


def _widths(widths: dict[str, WidthFigures]) -> Iterator[str]:
    yield "widths of found loops: errors are absolute, bias is found - labelled"
    rows: list[Sequence[str]] = [("", "labelled", "measured", "mean", "median", "95th pct.", "bias", "right")]
    for name, row in widths.items():
        start = (name, str(row.labelled), _percent(row.share_measured))
        rows.append((*start, *_errors(row.errors_px, "px"), _percent(row.share_right)))
        if row.measured_um:
            rows.append(("", "", "", *_errors(row.errors_um, "um"), ""))
    yield from _table(rows)
    yield (
        f"right: within {CORRECT_WITHIN_SHARE:.0%} of the labelled width, or {CORRECT_WITHIN_PX:g} px where that is "
        "more; not measured is not right"
    )


def _errors(errors: dict[str, Estimate], unit: str) -> list[str]:
    return [f"{_number(errors[name], 2)} {unit}" for name in ("mean_error", "median_error", "p95_error", "bias")]


def _sizes(figures: SizeFigures) -> Iterator[str]:
    yield f"calibre of {figures.loops} found loops: labelled (rows) and reported (columns)"
    yield from _table(
        [("", *NAMES), *((name, *map(str, row)) for name, row in zip(NAMES, figures.counts, strict=True))]
    )
    yield (
        f"agreement {_percent(figures.agreement)}; measured {_percent(figures.measured)}, by appearance "
        f"{_percent(figures.by_appearance)}; weighted kappa {_number(figures.kappa, 2)}"
    )


def _density(figures: DensityFigures) -> Iterator[str]:
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(figures.refused.items()))
    yield f"density: measured in {len(figures.images)} of {figures.labelled} pictures" + (
        f" ({refused})" if refused else ""
    )
    if figures.images:
        yield f"  mean absolute error  {_number(figures.mean_error, 2)} per mm"
        yield f"  Bland-Altman bias    {_number(figures.bias, 2)} per mm"
        limits = f"{_number(figures.lower_limit, 2)} to {_number(figures.upper_limit, 2)} per mm"
        yield f"  limits of agreement  {limits}"


def _number(estimate: Estimate, digits: int) -> str:
    if estimate.value is None:
        return NOT_DEFINED
    text = f"{estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def _percent(estimate: Estimate) -> str:
    if estimate.value is None:
        return NOT_DEFINED
    text = f"{estimate.value:.1%}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  " + "  ".join(_cell(text, at, widths[at]) for at, text in enumerate(row)).rstrip() for row in rows]


def _cell(text: str, at: int, width: int) -> str:
    return text.ljust(width) if at == 0 else text.rjust(width)
