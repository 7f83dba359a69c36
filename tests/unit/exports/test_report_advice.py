"""The pattern in the report: the physician's word first, a classifier's advice marked as such, or left out."""

from pathlib import Path

import pytest

from appliance.domain.pattern import NailfoldPattern, PatternAdvice
from appliance.domain.review import ReviewedExam
from appliance.exports.report.report_service import Choice
from tests.support.report_exams import ADVICE, NO_FOLDER, exam_now, report_service

EXAM = exam_now().exam.exam_id


def page_of(exam: ReviewedExam, folder: Path = NO_FOLDER, advice: PatternAdvice | None = ADVICE, to: str = "en") -> str:
    service = report_service(exam, folder=folder, advice=advice)
    return " ".join(service.html(EXAM, Choice(to), lambda *_: "/a.jpg", "", "/style.css").split())


def test_the_physicians_word_stands_before_the_rules_and_the_advice_after_them() -> None:
    page = page_of(exam_now(pattern=NailfoldPattern.LATE))
    places = [page.index(said) for said in ("according to the physician", "Fast Track</p>", "Advisory of a classifier")]
    assert places == sorted(places)
    assert '<p class="said">late</p>' in page
    assert '<span class="said">active 80 %</span> · early 20 %' in page
    assert "random forest; F1 0.71 (95 % interval 0.60 to 0.80) on patients it had not seen; from 2 images." in page


@pytest.mark.parametrize(("language", "said"), [("de", "nie an ihrer Stelle"), ("fr", "jamais à leur place")])
def test_an_advisory_is_marked_in_every_language(language: str, said: str) -> None:
    assert said in page_of(exam_now(), to=language)


def test_neither_is_printed_where_there_is_none() -> None:
    page = page_of(exam_now(), advice=None)
    assert "classifier" not in page
    assert "according to the physician" not in page


def test_the_form_leaves_the_advice_out_and_then_nobody_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "form.toml").write_text("pattern_advice = false\n")
    assert "classifier" not in page_of(exam_now(), folder=tmp_path)
