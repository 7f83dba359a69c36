"""The page on which a physician erases a patient."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from appliance.apps.cli import main
from appliance.apps.system_clock import SystemClock
from appliance.domain.patient import PatientIdentity
from appliance.storage.open_storage import open_storage
from appliance.storage.settings import StorageSettings
from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.page_client import log_in
from tests.support.page_station import PageStation


def identified(client: FlaskClient) -> str:
    """The id of the finished exam's patient, who has a name now."""
    (found,) = client.post("/api/v1/patients/search", json={"text": "NC-0042"}).json["patients"]
    patient_id = str(found["patient_id"])
    client.put(f"/api/v1/patients/{patient_id}/identity", json={"name": "Anabel Zubiri"})
    return patient_id


def test_a_physician_who_types_the_pseudonym_erases_the_patient(
    client: FlaskClient, station: PageStation, finished_exam: str
) -> None:
    patient_id = identified(client)
    image_id = station.store.exam(finished_exam).images[0].image_id
    jpeg = f"/exams/{finished_exam}/images/{image_id}.jpg"
    assert client.get(jpeg).status_code == 200
    job_id = client.post("/api/v1/jobs/report", json={"exam_id": finished_exam}).json["job"]["job_id"]
    physician = log_in(station.app.test_client(), PHYSICIAN)
    page = f"/patients/{patient_id}"
    assert f"{page}/erase" in physician.get(page).text
    assert "every picture, clip and panorama of 1 exam" in physician.get(f"{page}/erase").text.lower()
    refused = physician.post(f"{page}/erase", data={"confirmation": "NC-42"})
    assert (refused.status_code, "not the patient" in refused.text) == (409, True)
    assert "Anabel Zubiri" in physician.get(page).text

    assert physician.post(f"{page}/erase", data={"confirmation": " NC-0042 "}).status_code == 302
    shown = physician.get(page).text
    assert "Anabel" not in shown
    assert "NC-0042" not in shown
    assert "Erased on" in shown
    assert 'data-start-exam="' not in shown
    exam = physician.get(f"/exams/{finished_exam}").text
    assert 'id="erased"' in exam
    assert image_id + ".jpg" not in exam
    assert client.get(jpeg).status_code == 410
    assert client.get(f"/api/v1/jobs/{job_id}").status_code == 404
    assert physician.get(f"/exams/{finished_exam}/report").status_code == 410
    entry = station.journal.entries(f"patient:{patient_id}")[-1]
    assert (entry.actor, entry.action, entry.detail) == (PHYSICIAN, "patient.erased", {"exams": 1})


def test_an_operator_may_not(client: FlaskClient, station: PageStation, finished_exam: str) -> None:
    page = f"/patients/{identified(client)}"
    operator = log_in(station.app.test_client(), OPERATOR)
    assert f"{page}/erase" not in operator.get(page).text
    assert operator.get(f"{page}/erase").status_code == 403
    assert operator.post(f"{page}/erase", data={"confirmation": "NC-0042"}).status_code == 403


@pytest.mark.parametrize(("typed", "code"), [("NC-7", 0), ("NC-8", 1)])
def test_the_command_asks_for_the_pseudonym_once_more(tmp_path: Path, typed: str, code: int) -> None:
    clock = SystemClock()
    with open_storage(StorageSettings(folder=tmp_path / "exams"), clock.now_utc) as storage:
        patient_id = storage.patients.add_patient("NC-7", clock.now_utc(), PatientIdentity("Ana")).patient_id
    done = CliRunner().invoke(main, ["data", "erase", "--data-dir", str(tmp_path), "NC-7"], input=f"{typed}\n")
    assert done.exit_code == code, done.output
    with open_storage(StorageSettings(folder=tmp_path / "exams"), clock.now_utc) as storage:
        assert (storage.patients.patient(patient_id).identity is None) == (code == 0)
        assert len(storage.journal.entries(f"patient:{patient_id}")) == (code == 0)
