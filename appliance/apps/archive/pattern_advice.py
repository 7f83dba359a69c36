"""The installed pattern classifier's word on a kept exam, for the pages and the report."""

import logging
import threading
from collections import OrderedDict

from appliance.domain.errors import ApplianceError
from appliance.domain.exam import ImageKind
from appliance.domain.pattern import PatternAdvice
from appliance.domain.review import ReviewedExam
from appliance.inference.pattern_classifier import PatternClassifier
from appliance.ports import ExamStore
from appliance.storage.still_encoder import decode_picture

_log = logging.getLogger(__name__)
_MOST_KEPT = 50


class PatternAdvisor:
    """Advice on exams, computed once for each state of a review. Safe for calls from any thread.

    Args:
        advisor: None where no classifier is installed; then there is never advice.
    """

    def __init__(self, store: ExamStore, advisor: PatternClassifier | None) -> None:
        self._store = store
        self._advisor = advisor
        self._lock = threading.Lock()  # of `_kept`, for a moment
        self._computing = threading.Lock()  # the classifier's; taken first
        self._kept: OrderedDict[int, PatternAdvice | None] = OrderedDict()

    def __call__(self, reviewed: ReviewedExam) -> PatternAdvice | None:
        """What the classifier says of the images that count; None without a classifier or such an image.

        An exam whose images cannot be read has no advice either; the log says why.
        """
        if self._advisor is None:
            return None
        key = hash((reviewed.exam.exam_id, *((i.image.image_id, i.counts, i.recorded.text) for i in reviewed.images)))
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        with self._computing:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            advice = self._advise(self._advisor, reviewed)
            with self._lock:
                self._kept[key] = advice
                if len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
            return advice

    def _advise(self, advisor: PatternClassifier, reviewed: ReviewedExam) -> PatternAdvice | None:
        counting = [i for i in reviewed.images if i.counts and i.image.kind is ImageKind.STILL]
        exam_id = reviewed.exam.exam_id
        try:
            images = [
                (decode_picture(self._store.read_png(exam_id, i.image.image_id), i.image.file_name), i.analysis)
                for i in counting
            ]
            return advisor.advise(images) if images else None
        except ApplianceError as error:
            _log.warning("no pattern advice for exam %s: %s", exam_id, error)
            return None
