"""The detector: a picture of any size in, capillaries and haemorrhages in its own pixels out."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.counted_once import mean_of_alike, suppress
from appliance.domain.detection import (
    BoundingBox,
    CapillaryDetection,
    Detections,
    HaemorrhageDetection,
    Morphology,
    SizeClass,
)
from appliance.domain.errors import InferenceError
from appliance.inference.letterbox import InputView, letterbox_view
from appliance.inference.manifest import REINSTALL, EngineEntry
from appliance.inference.settings import InferenceSettings
from appliance.ports import LoadedEngine, Tensor

HAEMORRHAGE = "haemorrhage"


@dataclass(frozen=True)
class _Picked:
    """Boxes that stay, best first: in frame pixels [K, 4] as x, y, w, h; scores [K]; rows of the network's output."""

    boxes_xywh: NDArray[np.float64]
    scores: NDArray[np.float32]
    rows: NDArray[np.intp]


_NOTHING = _Picked(np.empty((0, 4)), np.empty(0, np.float32), np.empty(0, np.intp))


class OnnxDetector:
    """A Detector over any runtime.

    Args:
        engine: input "image" uint8 [1, H, W, 3]; outputs "boxes" [1, N, 4] (left, top, right, bottom edges in input
            pixels), "class_scores" [1, N, 5] and "size_scores" [1, N, 3], each 0 to 1.
        entry: the manifest's word on input size and on the columns of the scores.
        settings: thresholds.
        is_one_of_several: of the views of a still, whose boxes are averaged afterwards; else the boxes of cells that
            see the same loop are (docs/decisions, 2026-12-01, doubtful boxes).
    """

    def __init__(
        self, engine: LoadedEngine, entry: EngineEntry, settings: InferenceSettings, *, is_one_of_several: bool = False
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._is_one_of_several = is_one_of_several
        self._input_height, self._input_width = input_size_of(entry)
        shapes = [name for name in entry.classes if name != HAEMORRHAGE]
        _require_names("classes", entry.classes, [*(shape.value for shape in Morphology), HAEMORRHAGE])
        _require_names("sizes", entry.sizes, [size.value for size in SizeClass])
        self._morphologies = [Morphology(name) for name in shapes]
        self._capillary_columns = [entry.classes.index(name) for name in shapes]
        self._haemorrhage_column = entry.classes.index(HAEMORRHAGE)
        self._sizes = [SizeClass(name) for name in entry.sizes]

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the network's input in pixels."""
        return self._input_width, self._input_height

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        """Everything above its threshold, best score first, in pixels of `image_rgb` (uint8 [height, width, 3])."""
        height, width = image_rgb.shape[:2]
        view = letterbox_view(width, height, self._input_width, self._input_height)
        outputs = self._engine.run({"image": view.fill(image_rgb)})
        _require_finite(outputs)
        return self._decoded(outputs, view)

    def close(self) -> None:
        """Free the network."""
        self._engine.close()

    def _decoded(self, outputs: dict[str, Tensor], view: InputView) -> Detections:
        boxes, classes, sizes = outputs["boxes"][0], outputs["class_scores"][0], outputs["size_scores"][0]
        settings = self._settings
        # Column by column: a maximum along four numbers takes three times as long.
        surest = reduce(np.maximum, (classes[:, column] for column in self._capillary_columns))
        capillaries = self._picked(boxes, surest, settings.min_score_capillary, view)
        patches = self._picked(boxes, classes[:, self._haemorrhage_column], settings.min_score_haemorrhage, view)
        morphology = classes[capillaries.rows][:, self._capillary_columns].argmax(axis=1)
        size = sizes[capillaries.rows].argmax(axis=1)
        return Detections(
            tuple(
                CapillaryDetection(BoundingBox(*box), score, self._morphologies[shape_column], self._sizes[size_column])
                for box, score, shape_column, size_column in zip(
                    capillaries.boxes_xywh.tolist(), capillaries.scores.tolist(), morphology, size, strict=True
                )
            ),
            tuple(
                HaemorrhageDetection(BoundingBox(*box), score)
                for box, score in zip(patches.boxes_xywh.tolist(), patches.scores.tolist(), strict=True)
            ),
        )

    def _picked(self, boxes: Tensor, scores: Tensor, min_score: float, view: InputView) -> _Picked:
        rows = np.flatnonzero(scores >= min_score)
        if not len(rows):
            return _NOTHING
        settings = self._settings
        rows = rows[np.argsort(-scores[rows], kind="stable")][: settings.max_candidates]
        in_frame = view.to_frame(boxes[rows])
        is_visible = (in_frame[:, 2] > 0.0) & (in_frame[:, 3] > 0.0)
        if not is_visible.all():
            rows, in_frame = rows[is_visible], in_frame[is_visible]
        best_first = scores[rows]
        stays, left = suppress(in_frame, best_first, settings.nms_iou, settings.nms_containment)
        # Best first here too: those that lost too much of their score are the last ones.
        sure = int(np.count_nonzero(left >= min_score))
        stays, left = stays[:sure], left[:sure]
        boxes = in_frame[stays] if self._is_one_of_several else mean_of_alike(in_frame, best_first, stays)
        return _Picked(boxes, left, rows[stays])


def input_size_of(entry: EngineEntry) -> tuple[int, int]:
    """Height and width of a network's picture. Raises InferenceError where it takes something else."""
    match entry.input.shape:
        case (1, int(height), int(width), 3):
            return height, width
    raise InferenceError(
        f"the {entry.role} network's input is {entry.input}, expected uint8 [1, height, width, 3]", REINSTALL
    )


def _require_names(field: str, names: tuple[str, ...], expected: list[str]) -> None:
    if sorted(names) != sorted(expected):
        raise InferenceError(
            f"the detector's manifest lists {field} {', '.join(names)}; this software knows {', '.join(expected)}",
            REINSTALL,
        )


def _require_finite(outputs: dict[str, Tensor]) -> None:
    """A network that overflowed must not look like a finger without capillaries."""
    for name, tensor in outputs.items():
        # One number that is not finite makes the sum of squares so too, in a quarter of the time.
        flat = tensor.ravel()
        if not np.isfinite(flat @ flat) and not np.isfinite(tensor).all():
            raise InferenceError(
                f'the detector\'s output "{name}" contains values that are not numbers',
                "Build the engines again; if it stays, report the picture.",
            )
