"""An installed classifier of the scleroderma pattern at work: an advisory beside the rules."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from appliance.analysis.pattern_features import FEATURE_NAMES, exam_row, pattern_features
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.errors import InferenceError
from appliance.domain.pattern import PatternAdvice
from appliance.inference.pattern_record import RECORD_FILE, PatternRecord, read_pattern_record
from appliance.inference.trunk_embedding import TrunkEmbedding

ImageWithResult = tuple[NDArray[np.uint8], ImageAnalysis]


class PatternClassifier:
    """Classifies exams the way the record says.

    Raises:
        InferenceError: the classifier was made for features that this software does not compute.
    """

    def __init__(self, record: PatternRecord) -> None:
        self._record = record
        self._trunk = None if record.trunk is None else TrunkEmbedding(record.trunk)
        if self._trunk is None and record.feature_names != FEATURE_NAMES:
            raise InferenceError(
                "the installed pattern classifier was made for other features than this software computes",
                "Train it again with `nailfold train pattern`.",
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(record.model, options, providers=["CPUExecutionProvider"])

    def advise(self, images: Sequence[ImageWithResult]) -> PatternAdvice:
        """What the classifier says of an exam.

        Args:
            images: each counting image (uint8 [height, width, 3] RGB) with its result as reviewed; at
                least one.

        Raises:
            InferenceError: no image was given, or the `pattern` extra is missing.
        """
        if not images:
            raise InferenceError("there is no evaluable image to tell a pattern from", "Capture the nailfolds again.")
        rows = np.stack([self._row(image_rgb, analysis) for image_rgb, analysis in images])
        if self._record.level == "exam":
            rows = exam_row(rows)[None]
        probabilities = self.probabilities(rows).mean(axis=0)
        return PatternAdvice(
            probabilities=dict(zip(self._record.patterns, map(float, probabilities), strict=True)),
            model_id=self._record.model_id,
            method=self._record.method,
            trained_on=self._record.trained_on,
            macro_f1=self._record.macro_f1,
            images=len(images),
        )

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of raw feature rows [N, columns], NaN allowed: float32 [N, patterns]."""
        filled = np.where(np.isnan(rows), self._record.medians, rows)
        prepared = np.asarray((filled - self._record.means) / self._record.scales, dtype=np.float32)
        name = self._session.get_inputs()[0].name
        return np.asarray(self._session.run(None, {name: prepared})[1], dtype=np.float32)

    def _row(self, image_rgb: NDArray[np.uint8], analysis: ImageAnalysis) -> NDArray[np.float32]:
        return pattern_features(image_rgb, analysis) if self._trunk is None else self._trunk.embed(image_rgb)


def load_classifier(folder: Path) -> PatternClassifier | None:
    """The classifier installed in `folder`; None where none is installed.

    Raises:
        InferenceError: one is there but cannot be trusted or used.
    """
    if not (folder / RECORD_FILE).exists():
        return None
    return PatternClassifier(read_pattern_record(folder))
