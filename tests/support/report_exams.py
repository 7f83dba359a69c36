"""A report service over exams made by hand, with pictures of plain skin."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from io import BytesIO
from pathlib import Path
from uuid import UUID

import numpy as np
from PIL import Image

from appliance.analysis.exam_figures import exam_figures
from appliance.domain.exam import Exam, Finger, Hand, Placement, Sector
from appliance.domain.pattern import NailfoldPattern, PatternAdvice
from appliance.domain.review import ReviewedExam
from appliance.exports.report.folder import ReportFolder
from appliance.exports.report.report_service import ReportService, ReportSources
from appliance.storage.memory_journal import MemoryJournal
from tests.support.exam_parts import NOON
from tests.support.reviewed_exams import HEIGHT_PX, WIDTH_PX, Loop, every_finger, exam_of, image_of

NO_FOLDER = Path("/no-report-folder")
MADE_AT = datetime(2026, 11, 23, 9, 30, tzinfo=timezone.utc)
ADVICE = PatternAdvice(
    probabilities={NailfoldPattern.EARLY: 0.2, NailfoldPattern.ACTIVE: 0.8},
    model_id="sha256:" + "a" * 64,
    method="random forest",
    trained_on="60 exams of 40 patients",
    macro_f1=(0.71, 0.6, 0.8),
    images=2,
)
HEALTHY = [Loop(14)] * 8
ALTERED = [*[Loop(24)] * 3, Loop(62, "giant"), Loop(18, "ramified")]


def exam_now(**changes: object) -> ReviewedExam:
    """Two fingers: one edited, one with an excluded image and a comment."""
    ring, middle = Placement(Hand.LEFT, Finger.RING, Sector.B), Placement(Hand.RIGHT, Finger.MIDDLE, Sector.C)
    edited = replace(image_of(ALTERED, ring, number=1, haemorrhages=2), is_edited=True)
    fine = image_of(HEALTHY, middle, number=2)
    hair = replace(image_of(HEALTHY, middle, number=3), not_evaluable_because="hair over the row", comment="See C.")
    return replace(exam_of(edited, fine, hair), **changes)  # type: ignore[arg-type]


def earlier_exam() -> ReviewedExam:
    """Healthy, a year before."""
    before = exam_of(*every_finger(HEALTHY))
    exam = replace(before.exam, exam_id=str(UUID(int=98)), started_at_utc=NOON - timedelta(days=365))
    return replace(before, exam=exam)


def _journal() -> MemoryJournal:
    journal = MemoryJournal(lambda: MADE_AT)
    for number in range(17):
        journal.append("nurse.ng", "report", "report.form_changed", {"number": number})
    return journal


JOURNAL = _journal()
"""Of seventeen entries, the newest of which a report prints."""


def report_service(
    *exams: ReviewedExam,
    folder: Path = NO_FOLDER,
    facts: Mapping[str, str | float] | None = None,
    advice: PatternAdvice | None = None,
) -> ReportService:
    """A service on these exams, all of one patient."""
    by_id = {one.exam.exam_id: one for one in exams}

    def exams_of(_: str) -> Sequence[Exam]:
        return [one.exam for one in exams]

    sources = ReportSources(
        reviewed=by_id.__getitem__,
        figures=lambda exam_id: exam_figures(by_id[exam_id]),
        facts=lambda _: facts or {},
        exams_of=exams_of,
        png=lambda *_: skin_png(),
        full_name=lambda name: f"Dr. {name.title()}",
        journal=JOURNAL,
        now_utc=lambda: MADE_AT,
        software_version="9.8.7",
        pattern_advice=lambda _: advice,
    )
    return ReportService(sources, ReportFolder(folder))


@cache
def skin_png() -> bytes:
    """A picture of the size that the documents of reviewed_exams.py speak of."""
    shade = np.linspace(150, 210, WIDTH_PX, dtype=np.uint8)
    image = np.stack([np.tile(shade, (HEIGHT_PX, 1)), np.full((HEIGHT_PX, WIDTH_PX), 130, np.uint8)] * 2, axis=2)
    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(image[:, :, :3])).save(out, "PNG")
    return out.getvalue()
