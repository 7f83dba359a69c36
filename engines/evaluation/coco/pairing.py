"""Which of the device's findings is which label, at the device's confidence and IoU 0.50."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from appliance.domain.detection import BoundingBox
from appliance.domain.measurement import Capillary
from engines.accuracy.matching import match
from engines.datasets.labels import Box, Standing
from engines.evaluation.coco.categories import Meaning
from engines.evaluation.coco.outcome import Outcome, Target

MIN_IOU = 0.5


@dataclass(frozen=True)
class Pair:
    """A found loop and its label. `image` is the index of the picture, `um_per_px` its scale."""

    image: int
    target: Target
    found: Capillary
    um_per_px: float | None


@dataclass(frozen=True)
class Pairing:
    """One picture's findings of one kind.

    Attributes:
        hits: (index of the finding, index of the target).
        wrong: findings that lie on no label and on nothing ignored.
        missed: targets that nothing hit.
    """

    hits: tuple[tuple[int, int], ...]
    wrong: tuple[int, ...]
    missed: tuple[int, ...]


def pair_boxes(
    boxes: Sequence[BoundingBox], scores: Sequence[float], targets: Sequence[Target], ignored: Sequence[Target]
) -> Pairing:
    """Each finding, best first, with the free target it overlaps most.

    Args:
        targets: those that count here; their order is that of `Pairing`.
        ignored: a finding half over one of these, or half inside one that is a crowd, is neither right nor wrong.
    """
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    corners = [(box.x, box.y, box.w, box.h) for box in boxes]
    single = [target.box for target in ignored if target.label.standing is not Standing.CROWD]
    crowds = [target.box for target in ignored if target.label.standing is Standing.CROWD]
    result = match(corners, list(scores), [target.box for target in targets], single, MIN_IOU)
    hits, wrong = [], []
    for row, at in enumerate(order.tolist()):
        target = int(result.truth_index[row])
        if target >= 0:
            hits.append((at, target))
        elif not result.is_ignored[row] and not _is_in_crowd(corners[at], crowds):
            wrong.append(at)
    hit = {target for _, target in hits}
    return Pairing(tuple(hits), tuple(wrong), tuple(at for at in range(len(targets)) if at not in hit))


def pair_loops(outcome: Outcome) -> tuple[Pairing, list[Target]]:
    """The device's loops against every labelled one, whatever the shapes; and the targets in the pairing's order."""
    loops = [target for target in outcome.targets if target.is_capillary]
    targets = [target for target in loops if target.counts]
    found = outcome.analysis.capillaries
    boxes, scores = [one.bbox for one in found], [one.score for one in found]
    return pair_boxes(boxes, scores, targets, [target for target in loops if not target.counts]), targets


def pair_haemorrhages(outcome: Outcome) -> tuple[Pairing, list[Target]]:
    """The same for haemorrhages."""
    patches = [target for target in outcome.targets if not target.is_capillary]
    targets = [target for target in patches if target.counts]
    found = outcome.analysis.haemorrhages
    boxes, scores = [one.bbox for one in found], [one.score for one in found]
    return pair_boxes(boxes, scores, targets, [target for target in patches if not target.counts]), targets


def pair_shape(outcome: Outcome, shape: Meaning) -> tuple[Pairing, list[Target]]:
    """The same for loops that the device calls `shape`, against labels of that shape."""
    loops = [target for target in outcome.targets if target.is_capillary]
    targets = [target for target in loops if target.counts and target.meaning is shape]
    unjudged = [target for target in loops if not target.counts or target.meaning is Meaning.CAPILLARY]
    found = [one for one in outcome.analysis.capillaries if one.morphology is shape.shape]
    return pair_boxes([one.bbox for one in found], [one.score for one in found], targets, unjudged), targets


def matched_loops(outcomes: Sequence[Outcome]) -> list[Pair]:
    """Every found loop that has a label, of all pictures."""
    pairs = []
    for image, outcome in enumerate(outcomes):
        pairing, targets = pair_loops(outcome)
        found, um_per_px = outcome.analysis.capillaries, outcome.analysis.um_per_px
        pairs += [Pair(image, targets[target], found[at], um_per_px) for at, target in pairing.hits]
    return pairs


def _is_in_crowd(box: Box, crowds: Sequence[Box]) -> bool:
    x, y, w, h = box
    for cx, cy, cw, ch in crowds:
        across, down = min(x + w, cx + cw) - max(x, cx), min(y + h, cy + ch) - max(y, cy)
        if across > 0 and down > 0 and across * down >= MIN_IOU * w * h:
            return True
    return False
