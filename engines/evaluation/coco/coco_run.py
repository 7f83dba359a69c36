"""One run of pycocotools over labels and findings of all classes."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from engines.datasets.labels import Box, Standing
from engines.evaluation.coco.categories import Meaning
from engines.evaluation.coco.outcome import Outcome, Target

MAX_DETECTIONS = 100
SHAPES = (Meaning.NORMAL, Meaning.TORTUOUS, Meaning.RAMIFIED, Meaning.GIANT, Meaning.HAEMORRHAGE)
CLASSES = (*SHAPES, Meaning.CAPILLARY)
"""CAPILLARY: every loop, whatever its shape."""

Json = dict[str, Any]


class _CocoEval(COCOeval):  # type: ignore[misc]  # untyped
    def _prepare(self) -> None:
        """pycocotools overwrites `ignore` with `iscrowd`; here both count."""
        super()._prepare()
        for truths in self._gts.values():
            for truth in truths:
                truth["ignore"] = int(truth["iscrowd"] or truth["is_ignored"])


def run_pycocotools(outcomes: Sequence[Outcome]) -> Any:
    """Its COCOeval, evaluated and accumulated: categories in the order of CLASSES, pictures in that of `outcomes`."""
    truth, found = COCO(), COCO()
    names = [{"id": at, "name": meaning.value} for at, meaning in enumerate(CLASSES, start=1)]
    images = [{"id": at} for at in range(1, len(outcomes) + 1)]
    truth.dataset = {"images": images, "categories": names, "annotations": _numbered(_truths(outcomes))}
    found.dataset = {"images": images, "categories": names, "annotations": _numbered(_found(outcomes))}
    with contextlib.redirect_stdout(io.StringIO()):  # it tells its progress there
        truth.createIndex()
        found.createIndex()
        run = _CocoEval(truth, found, "bbox")
        run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]], ["all"]
        run.params.maxDets = [MAX_DETECTIONS]
        run.evaluate()
        run.accumulate()
    return run


def _truths(outcomes: Sequence[Outcome]) -> list[Json]:
    return [
        _entry(image_id, meaning, target.box)
        | {"iscrowd": int(target.label.standing is Standing.CROWD), "is_ignored": is_ignored}
        for image_id, outcome in enumerate(outcomes, start=1)
        for target in outcome.targets
        for meaning, is_ignored in _rows(target)
    ]


def _rows(target: Target) -> list[tuple[Meaning, bool]]:
    """The classes a label is a target of; one of unknown shape must not make any shape wrong."""
    is_ignored = not target.counts
    if not target.is_capillary:
        return [(Meaning.HAEMORRHAGE, is_ignored)]
    anyhow = (Meaning.CAPILLARY, is_ignored)
    if target.meaning is Meaning.CAPILLARY or is_ignored:
        return [anyhow, *((shape, True) for shape in SHAPES if shape is not Meaning.HAEMORRHAGE)]
    return [anyhow, (target.meaning, False)]


def _found(outcomes: Sequence[Outcome]) -> list[Json]:
    entries: list[Json] = []
    for image_id, outcome in enumerate(outcomes, start=1):
        for loop in outcome.detections.capillaries:
            box = (loop.bbox.x, loop.bbox.y, loop.bbox.w, loop.bbox.h)
            for meaning in (Meaning(loop.morphology.value), Meaning.CAPILLARY):
                entries.append(_entry(image_id, meaning, box) | {"score": loop.score})
        for patch in outcome.detections.haemorrhages:
            box = (patch.bbox.x, patch.bbox.y, patch.bbox.w, patch.bbox.h)
            entries.append(_entry(image_id, Meaning.HAEMORRHAGE, box) | {"score": patch.score})
    return entries


def _entry(image_id: int, meaning: Meaning, box: Box) -> Json:
    return {"image_id": image_id, "category_id": CLASSES.index(meaning) + 1, "bbox": list(box), "area": box[2] * box[3]}


def _numbered(entries: list[Json]) -> list[Json]:
    """Ids from 1: pycocotools takes a match with id 0 for none."""
    return [entry | {"id": at} for at, entry in enumerate(entries, start=1)]
