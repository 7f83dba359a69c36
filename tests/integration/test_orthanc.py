"""Exams in Orthanc, a PACS that clinics run: sent as the station sends them, asked for as another computer does."""

import io
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind

from appliance.exports.dicom.files import dicom_objects
from appliance.exports.dicom.pacs import echo
from appliance.exports.dicom.sending import PacsSender, Sending, SendState
from appliance.exports.settings import PacsSettings
from tests.support.exam_to_export import EXAM_ID, PSEUDONYM, exam_to_export, finished_exam, pixels

TITLE = "ORTHANC"
_PENDING = (0xFF00, 0xFF01)


@dataclass(frozen=True)
class Orthanc:
    """A running one: its ports for DICOM and for REST."""

    dicom_port: int
    http_port: int

    @property
    def settings(self) -> PacsSettings:
        return PacsSettings("127.0.0.1", self.dicom_port, TITLE, timeout_s=10.0)

    def ask(self, path: str, body: object = None) -> Any:
        """Over REST; bytes of a file, JSON of anything else."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", data, timeout=10) as answer:
            content = answer.read()
        return content if path.endswith("/file") else json.loads(content)

    def find(self, level: str, **wanted: str) -> list[Dataset]:
        """By C-FIND: everything that matches."""
        query = Dataset()
        for keyword, value in {"QueryRetrieveLevel": level, **wanted}.items():
            setattr(query, keyword, value)
        entity = AE(ae_title="ASKING")
        entity.add_requested_context(StudyRootFind)
        association = entity.associate("127.0.0.1", self.dicom_port, ae_title=TITLE)
        assert association.is_established
        try:
            answers = association.send_c_find(query, StudyRootFind)
            return [found for status, found in answers if status.Status in _PENDING and found is not None]
        finally:
            association.release()


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    program = shutil.which("Orthanc", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("Orthanc is not there; Debian and Ubuntu have it in orthanc")
    folder = tmp_path_factory.mktemp("orthanc")
    running = Orthanc(free_port(), free_port())
    settings = {
        "Name": "test",
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "store"),
        "Plugins": [],
        "DicomAet": TITLE,
        "DicomPort": running.dicom_port,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomCheckCalledAet": True,
        "HttpPort": running.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    log = (folder / "log").open("wb")
    process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        wait_for(running, process, folder / "log")
        yield running
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(orthanc: Orthanc, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            assert orthanc.ask("/system")["DicomAet"] == TITLE
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text(errors="replace"))


@pytest.fixture(scope="module")
def sent(orthanc: Orthanc) -> Sending:
    """An exam of three pictures and its report, sent as the station sends it."""
    told: list[Sending] = []
    sender = PacsSender(orthanc.settings, told.append)
    sender.start()
    sender.send(EXAM_ID, lambda: list(dicom_objects(exam_to_export(*finished_exam()))))
    deadline = time.monotonic() + 60
    while not told and time.monotonic() < deadline:
        time.sleep(0.05)
    sender.stop()
    return told[0]


def test_orthanc_answers_the_test_of_the_connection(orthanc: Orthanc) -> None:
    echo(orthanc.settings)


def test_orthanc_takes_every_picture_and_the_report(orthanc: Orthanc, sent: Sending) -> None:
    assert (sent.state, sent.stored, sent.total) == (SendState.SENT, 4, 4), sent.message
    assert orthanc.ask("/statistics")["CountInstances"] == 4


@pytest.mark.usefixtures("sent")
def test_another_computer_finds_the_study_by_its_patient(orthanc: Orthanc) -> None:
    (study,) = orthanc.find("STUDY", PatientID=PSEUDONYM, StudyInstanceUID="", ModalitiesInStudy="")
    assert set(study.ModalitiesInStudy) == {"XC", "SR"}
    uid = study.StudyInstanceUID
    series = orthanc.find("SERIES", StudyInstanceUID=uid, SeriesInstanceUID="", Modality="")
    assert sorted(one.Modality for one in series).count("SR") == 1
    assert orthanc.find("STUDY", PatientID="NC-9999", StudyInstanceUID="") == []


@pytest.mark.usefixtures("sent")
def test_what_orthanc_keeps_has_the_same_patient_side_and_pixels(orthanc: Orthanc) -> None:
    exam, _ = finished_exam()
    kept = [pydicom.dcmread(io.BytesIO(orthanc.ask(f"/instances/{one}/file"))) for one in orthanc.ask("/instances")]
    assert {one.PatientID for one in kept} == {PSEUDONYM}
    pictures = sorted((one for one in kept if one.Modality == "XC"), key=lambda one: str(one.AcquisitionDateTime))
    for at, (picture, image) in enumerate(zip(pictures, exam.images, strict=True)):
        assert picture.ImageLaterality == image.hand.value[0].upper()
        assert np.array_equal(picture.pixel_array, pixels(at))
    (report,) = [one for one in kept if one.Modality == "SR"]
    referenced = {
        item.ReferencedSOPInstanceUID
        for study in report.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    assert referenced == {one.SOPInstanceUID for one in pictures}
