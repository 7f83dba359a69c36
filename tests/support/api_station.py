"""A station that has something of everything, so that the API's paths have something to find."""

import io
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from flask.testing import FlaskClient
from numpy.typing import NDArray
from PIL import Image

from appliance.domain.errors import ExamError
from appliance.domain.exam import ExamStart
from appliance.exam.calibration_service import StageMicrometer
from appliance.exports.export_service import ExportedFile, ExportFormat
from appliance.exports.progress import Progress
from tests.support.accounts import ADMINISTRATOR, OPERATOR, PASSWORD
from tests.support.exam_parts import CALIBRATION, NOON, shown_frame
from tests.support.page_station import PageStation
from tests.support.review_exam import finished_exam
from webui.api.openapi import API_PREFIX, TOKEN_HEADER
from webui.settings import WebSettings

WORDS = {"pseudonym": "NC-0044", "full_name": "Dr. Eva Braun-Roth", "name": "Second look", "protocol": "16"}
"""What nobody would make up: texts that mean something."""
NO_WAITING = WebSettings(port=0, free_tries=100_000)


def no_vessel(image_rgb: NDArray[np.uint8], *_: object) -> NDArray[np.float32]:
    return np.zeros(image_rgb.shape[:2], np.float32)


class ApiStation:
    """An exam with a review, its patient, a folder, a collection, a calibration, an import and an uploaded archive.

    `known` has a name of each that exists, by the name that paths and bodies give it.
    """

    def __init__(self, report_folder: Path) -> None:
        self.pages = PageStation(NO_WAITING, CALIBRATION, report_folder=report_folder, find_vessels=no_vessel)
        self.app = self.pages.app
        self.exam = finished_exam(self.pages.store)
        self.show_picture()
        self.known: Mapping[str, Any] = self._made()

    def __enter__(self) -> "ApiStation":
        self.pages.hub.start()
        self.pages.guided.start()
        self.pages.exchange.start()
        self.known = {**self.known, "job_id": self._job_that_is_done()}
        return self

    def __exit__(self, *_: object) -> None:
        self.pages.exchange.stop()
        self.pages.guided.stop()
        self.pages.hub.stop()

    def make_ready(self, path: str) -> None:
        """An exam is under way, or none where one is to be started, and there is what the operation needs."""
        session, guided = self.pages.session, self.pages.guided
        verb = path.partition("/exam/")[2]
        if not verb:
            return
        # Left on by an earlier request it would take the very picture that this one is about.
        guided.auto.switch(False)
        with suppress(ExamError):
            guided.sweep.cancel()
        if session.snapshot().exam is not None:
            session.discard("ana")
        if verb == "start":
            return
        session.start("NC-0043", ExamStart(ADMINISTRATOR, "16"))
        if verb == "clip":
            self._show_until_recorded()
        if verb in ("undo", "redo", "finish"):
            session.capture()
        if verb == "redo":
            session.undo()
        if verb == "unskip":
            place = session.snapshot().placement
            session.skip("bandaged", "ana")
            session.select(place.hand, place.finger, place.sector)
        if verb in ("sweep/end", "sweep/cancel"):
            guided.sweep.begin()

    def _job_that_is_done(self) -> str:
        """A file that need not be a real one."""

        def write(file: BinaryIO, _: Progress) -> ExportedFile:
            file.write(b"PK")
            return ExportedFile("exam.csv.zip", "application/zip")

        jobs = self.pages.exchange.jobs
        job_id = jobs.add("csv", "NC-0042", ADMINISTRATOR, write).job_id
        deadline = time.monotonic() + 10
        while not jobs.job(job_id, ADMINISTRATOR).state.is_over:
            assert time.monotonic() < deadline, "the job was not done"
            time.sleep(0.02)
        return job_id

    def _show_until_recorded(self) -> None:
        """A clip holds pictures of its own exam alone, and they are encoded in another thread."""
        deadline = time.monotonic() + 10
        exam = self.pages.session.snapshot().exam
        assert exam is not None
        while time.monotonic() < deadline:
            self.show_picture()
            newest = self.pages.guided.clips._pictures.newest
            if newest is not None and newest.exam_id == exam.exam_id:
                return
            time.sleep(0.02)
        raise AssertionError("the clip took no picture")

    def named(self, member: str, made_up: Any, path: Mapping[str, Any]) -> Any:
        """What a body's member has to say to mean something that there is; else what was made up."""
        if member == "revision":
            review = self.pages.services.reviews
            log = review.log(self.exam.exam_id)
            image_id = path.get("image_id")
            return log.revision if image_id is None else review.image(self.exam.exam_id, image_id).log.revision
        if member == "folder_ids":
            return {self.exam.exam_id: self.known["folder_id"]}
        if member.endswith("_ids") and member[:-1] in self.known:
            return [self.known[member[:-1]]]
        if member == "seq":
            return self.newest_seq
        return {**WORDS, **self.known}.get(member, made_up)

    def meant(self, label: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a request has to say besides, so that nobody starts or ends an exam by mistake."""
        if label == "POST /api/v1/exam/start" and "pseudonym" in body:
            return {"is_new": self.pages.services.patients.patient_of(str(body["pseudonym"])) is None}
        return {"accepts_missing": True} if label == "POST /api/v1/exam/finish" else {}

    def show_picture(self) -> None:
        """The camera delivers one more."""
        frame = self.pages.next_frame(np.full((48, 64, 3), (150, 90, 60), np.uint8))
        self.newest_seq = frame.seq
        self.pages.show(frame, shown_frame(frame.seq, frame.captured_monotonic_s).analysis)

    def logged_in(self) -> tuple[FlaskClient, dict[str, str]]:
        """A program of the administrator's, and the header with its token."""
        client = self.app.test_client()
        token = client.get(f"{API_PREFIX}/session").json["csrf_token"]
        answer = client.post(
            f"{API_PREFIX}/session",
            json={"name": ADMINISTRATOR, "password": PASSWORD},
            headers={TOKEN_HEADER: token},
        )
        assert answer.status_code == 200, answer.text
        return client, {TOKEN_HEADER: answer.json["csrf_token"]}

    def _made(self) -> dict[str, Any]:
        services, exam = self.pages.services, self.exam
        folder = services.folders.add_folder("Study", None, "")
        collection = services.collections.add_collection("Giants", NOON, "")
        services.collections.add_images(collection.collection_id, [exam.images[0].image_id])
        patient = services.patients.patient_of(exam.patient_pseudonym)
        operator = next(one for one in services.accounts.store.accounts() if one.name == OPERATOR)
        imported = services.exchange.pictures.begin()
        item = services.exchange.pictures.add(imported.import_id, "left ring.png", io.BytesIO(_png()))
        assert patient is not None
        return {
            "exam_id": exam.exam_id,
            "image_id": exam.images[0].image_id,
            "patient_id": patient.patient_id,
            "folder_id": folder.folder_id,
            "collection_id": collection.collection_id,
            "account_id": operator.account_id,
            "import_id": imported.import_id,
            "item_id": item.item_id,
            "upload_id": services.exchange.archives.receive(self._archive()),
            **self._measured(),
        }

    def _measured(self) -> dict[str, Any]:
        service = self.pages.calibrations
        service.state_magnification("200x", ADMINISTRATOR)
        picture = service.freeze()
        measured = service.from_points(picture.picture_id, (2.0, 24.0), (60.0, 24.0), 80.0)
        kept = service.keep([measured.measurement_id], "200x", StageMicrometer("Micrometer 7", None), "", ADMINISTRATOR)
        return {
            "picture_id": picture.picture_id,
            "measurement_id": measured.measurement_id,
            "calibration_id": kept.calibration.calibration_id,
        }

    def _archive(self) -> io.BytesIO:
        file = io.BytesIO()
        exports = self.pages.exchange.exports
        exports.export(ExportFormat.ZIP, [self.exam.exam_id], file, ADMINISTRATOR, with_identity=False)
        file.seek(0)
        assert zipfile.is_zipfile(file)
        file.seek(0)
        return file


def _png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), (150, 90, 60), np.uint8)).save(file, "PNG")
    return file.getvalue()
