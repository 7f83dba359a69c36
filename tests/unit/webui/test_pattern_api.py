"""The pattern that a physician names, and the classifier's advice beside it."""

from appliance.domain.pattern import NailfoldPattern, PatternAdvice
from appliance.domain.review import ReviewedExam
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from tests.support.review_exam import finished_exam

ADVICE = PatternAdvice(
    probabilities={NailfoldPattern.NORMAL: 0.2, NailfoldPattern.ACTIVE: 0.8},
    model_id="sha256:" + "a" * 64,
    method="random forest",
    trained_on="60 exams of 40 patients",
    macro_f1=(0.71, 0.6, 0.8),
    images=2,
)


def test_without_a_classifier_there_is_no_advice() -> None:
    station = PageStation()
    exam = finished_exam(station.store)
    client = log_in(station.app.test_client())
    assert client.get(f"/api/v1/exams/{exam.exam_id}/pattern-advice").get_json() == {"advice": None}


def test_advice_is_of_the_exam_as_reviewed_and_never_without_where_it_comes_from() -> None:
    asked: list[ReviewedExam] = []

    def advise(reviewed: ReviewedExam) -> PatternAdvice:
        asked.append(reviewed)
        return ADVICE

    station = PageStation(pattern_advice=advise)
    exam = finished_exam(station.store)
    client = log_in(station.app.test_client())
    advice = client.get(f"/api/v1/exams/{exam.exam_id}/pattern-advice").get_json()["advice"]
    assert (advice["likeliest"], advice["probabilities"]["active"]) == ("active", 0.8)
    assert (advice["trained_on"], advice["macro_f1"]) == ("60 exams of 40 patients", [0.71, 0.6, 0.8])
    assert asked[0].exam.exam_id == exam.exam_id


def test_naming_a_pattern_answers_with_the_review() -> None:
    station = PageStation()
    exam = finished_exam(station.store)
    client = log_in(station.app.test_client())
    path = f"/api/v1/exams/{exam.exam_id}"
    named = client.post(f"{path}/pattern", json={"pattern": "late", "revision": 0})
    assert named.get_json()["pattern"] == "late"
    assert client.post(f"{path}/pattern", json={"pattern": "early", "revision": 0}).status_code == 409
    assert client.post(f"{path}/pattern", json={"pattern": "odd", "revision": 0}).status_code == 422
