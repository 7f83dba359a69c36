"""The course of a patient's figures over the API, and the one page of settings."""

import pytest

from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.course_exams import keep_course, patient_id_of
from tests.support.page_client import log_in
from tests.support.page_station import PageStation

NOBODY = "01a20561-2c58-7405-9faa-7672bbdcc3e0"


def test_trends_are_oldest_first_of_the_exam_and_each_finger() -> None:
    station = PageStation()
    exams = keep_course(station)
    answer = log_in(station.app.test_client(), OPERATOR).get(f"/api/v1/patients/{patient_id_of(station)}/trends")
    assert answer.status_code == 200
    assert [one["exam_id"] for one in answer.json["exams"]] == exams
    assert [one["is_validated"] for one in answer.json["exams"]] == [True, True, True, False]
    whole, index = answer.json["groups"][:2]
    assert (whole["hand"], index["hand"], index["finger"]) == (None, "left", "index")
    assert len(answer.json["groups"]) == 9
    density, _, giants, _ = whole["series"]
    assert [point["value"] for point in density["points"]] == [9.0, 8.0, 7.0, 4.0]
    assert density["cuts"] == [3.0, 7.0]
    changes = [point["change"] for point in density["points"]]
    assert changes[0] is None
    assert [one["is_significant"] for one in changes[1:]] == [False, False, True]
    assert changes[3]["since"] == exams[2]
    assert [point["value"] for point in giants["points"]] == [0.0, 0.0, 1.0, 2.0]
    assert giants["is_per_image"] is True
    # The newest exam has no picture of the left index finger: a reason, no number.
    assert [point["value"] for point in index["series"][0]["points"]][:3] == [9.0, 8.0, 7.0]
    assert all(point["value"] is None and point["because"] for point in index["series"][0]["points"][3:])


def test_a_patient_without_finished_exams_has_no_course_and_nobody_is_not_found() -> None:
    station = PageStation()
    keep_course(station, exams=0)
    station.store.start_exam("NC-0042", station.services.now_utc())
    client = log_in(station.app.test_client())
    assert client.get(f"/api/v1/patients/{patient_id_of(station)}/trends").json == {"exams": [], "groups": []}
    assert client.get(f"/api/v1/patients/{NOBODY}/trends").status_code == 404


@pytest.mark.parametrize("name", [OPERATOR, PHYSICIAN])
def test_settings_are_the_administrators(name: str) -> None:
    station = PageStation()
    assert log_in(station.app.test_client(), name).get("/settings").status_code == 403
    assert 'href="/settings"' not in log_in(station.app.test_client(), name).get("/exams/").text


def test_settings_lead_to_each_place() -> None:
    station = PageStation()
    client = log_in(station.app.test_client())
    assert 'href="/settings"' in client.get("/exams/").text
    page = client.get("/settings").text
    for path in ("/settings/report", "/accounts/", "/calibration/", "/about"):
        assert f'href="{path}"' in page
        assert client.get(path).status_code == 200
