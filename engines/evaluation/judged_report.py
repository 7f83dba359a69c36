"""What the judged pictures say of a set of weights, as text."""

from collections.abc import Sequence

import numpy as np

from engines.evaluation.hardships import Hardship, every_hardship
from engines.evaluation.judged import JudgedPicture
from engines.evaluation.judged_figures import (
    IOUS,
    FindLoops,
    PictureFindings,
    count_errors,
    false_kinds,
    find_in,
    headline,
    intervals,
    recalls,
    side_errors,
)

PHOTO_WIDER_THAN = 1000
"""Pictures wider than this are photographs of a whole nailfold, reported apart from the tiles."""


def judged_report(pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings]) -> str:
    """Headlines of tiles and photograph with intervals, sides of the boxes, kinds of false ones."""
    lines = []
    for name, is_photo in (("tiles", False), ("photo", True)):
        chosen = [at for at, one in enumerate(pictures) if (one.image_rgb.shape[1] > PHOTO_WIDER_THAN) == is_photo]
        if not chosen:
            continue
        some, found = [pictures[at] for at in chosen], [findings[at] for at in chosen]
        lines.append(f"{name}: {len(some)} pictures, {sum(len(one.loops) for one in some)} loops")
        spread = intervals(some, found) if len(some) > 1 else {}
        for figure, value in headline(some, found).items():
            low, high = spread.get(figure, (None, None))
            between = "" if low is None else f"  ({low:.3f} to {high:.3f})"
            lines.append(f"  {figure:14s} {_number(value)}{between}")
        for min_iou in IOUS:
            told = ", ".join(f"{kind} {value:.3f}" for kind, value in recalls(some, found, min_iou).items())
            lines.append(f"  recall at IoU {min_iou:.2f} of {told}")
        bias, square = count_errors(some, found)
        lines.append(f"  found minus there, a loop: mean {bias:+.3f}, mean square {square:.3f}")
    for kind, sides in side_errors(pictures, findings).items():
        told = ", ".join(f"{side} {value:+.3f}" for side, value in sides.items())
        lines.append(f"box sides outside of {kind}: {told}")
    kinds = ", ".join(f"{kind} {count}" for kind, count in false_kinds(pictures, findings).items())
    return "\n".join([*lines, f"false boxes: {kinds or 'none'}"])


def hard_table(find: FindLoops, pictures: Sequence[JudgedPicture], only: str | None = None) -> str:
    """Precision and recall at IoU 0.30 and 0.50 of the pictures as they are and under each hardship."""
    lines = ["| pictures | precision, recall at IoU .30 | at .50 |", "|---|---|---|"]
    names: dict[str, Hardship] = {"as they are": _as_it_is} | every_hardship()
    for name, make_hard in names.items():
        if only is not None and only not in name and name != "as they are":
            continue
        hard = [make_hard(picture, np.random.default_rng([at, 7])) for at, picture in enumerate(pictures)]
        figures = headline(hard, [find_in(find, one.image_rgb) for one in hard])
        cells = [f"{_number(figures[f'precision_{iou}'])} / {_number(figures[f'recall_{iou}'])}" for iou in (30, 50)]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def _as_it_is(picture: JudgedPicture, _rng: np.random.Generator) -> JudgedPicture:
    return picture


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
