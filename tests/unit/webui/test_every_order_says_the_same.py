"""Whoever does what in whatever order: pages, paper, files and messages say of an exam the same at every moment."""

import csv
import io
import json
import random
import re
import zipfile
from datetime import datetime, timezone
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from appliance.domain.exam import ExamState
from tests.support.accounts import ADMINISTRATOR, OPERATOR, PASSWORD, PHYSICIAN
from tests.support.exam_parts import CALIBRATION, shown_frame
from tests.support.page_station import PageStation
from tests.support.review_exam import finished_exam
from webui.api.openapi import API_PREFIX, TOKEN_HEADER
from webui.settings import WebSettings

STEPS = 15
KINDS = (
    "delete_capillary", "set_morphology", "set_size", "set_row", "set_width", "exclude", "include", "set_comment",
    "add_haemorrhage", "add_capillary", "undo", "redo", "seen", "conclusion", "pattern", "report-facts", "reopen",
    "validate", "validate", "validate", "invalidate",
)  # fmt: skip
# The same figure on the exam's page and on the first page of the report.
HEADLINES = (
    (r"Density per mm (.*?) Giants", r"Density (.*?) Mean apex"),
    (r"Mean apical width µm (.*?) Largest", r"Mean apex (.*?) Largest"),
    (r"Largest width µm (.*?) Ramified", r"Largest (.*?) Giant"),
    (r"Ramified (.*?) Haemorrhages", r"Ramified (.*?) Haemorrh"),
    (r"MES 0\S9 (.*?) Loss", r"MES (.*?) CSURI"),
)


class Clinic:
    """An operator, a physician and an administrator who do things to one exam over the API."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.station = PageStation(WebSettings(port=0, free_tries=100_000), CALIBRATION, report_folder=folder)
        self.exam_id = finished_exam(self.station.store).exam_id
        self.at = f"{API_PREFIX}/exams/{self.exam_id}"
        self.chance = random.Random(seed)
        self.clients = {name: self._logged_in(name) for name in (OPERATOR, PHYSICIAN, ADMINISTRATOR)}
        self.done: list[tuple[str, str, int]] = []

    def _logged_in(self, name: str) -> tuple[FlaskClient, dict[str, str]]:
        client = self.station.app.test_client()
        token = client.get(f"{API_PREFIX}/session").json["csrf_token"]
        account = {"name": name, "password": PASSWORD}
        answer = client.post(f"{API_PREFIX}/session", json=account, headers={TOKEN_HEADER: token})
        return client, {TOKEN_HEADER: answer.json["csrf_token"]}

    def read(self, path: str) -> Any:
        return self.clients[PHYSICIAN][0].get(path)

    def file(self, form: str) -> bytes:
        with self.read(f"{self.at}/exports/{form}") as answer:
            content: bytes = answer.data
            return content

    def step(self) -> None:
        """Somebody does something; a refusal is an answer, too."""
        name, what = self.chance.choice((OPERATOR, PHYSICIAN, PHYSICIAN, ADMINISTRATOR)), self.chance.choice(KINDS)
        client, header = self.clients[name]
        method, path, body = self._request(what)
        answer = client.open(path, method=method, json=body, headers=header)
        assert answer.status_code < 500, (what, body, answer.text)
        self.done.append((name, what, answer.status_code))
        if what == "reopen" and answer.status_code == 200:
            self._finish_again(client, header)

    def _request(self, what: str) -> tuple[str, str, dict[str, Any]]:
        if what == "report-facts":
            facts = self.chance.choice(({"medication": "nifedipine"}, {"disorganisation": 2}, {}))
            return "PUT", f"{self.at}/report-facts", {"facts": facts}
        if what == "reopen":
            return "POST", f"{self.at}/reopen", {"reason": "a finger was forgotten"}
        if what in ("conclusion", "pattern", "validate", "invalidate"):
            more: dict[str, dict[str, Any]] = {
                "conclusion": {"text": f"Conclusion {self.chance.randrange(99)}"},
                "pattern": {"pattern": self.chance.choice(("normal", "early", "active", None))},
                "validate": {"accepts_unseen": True},
                "invalidate": {"reason": "second thoughts"},
            }
            return "POST", f"{self.at}/{what}", {"revision": self.review["revision"], **more[what]}
        image_id = self.chance.choice(self.station.store.exam(self.exam_id).images).image_id
        seen = self.read(f"{self.at}/images/{image_id}/review").json
        body: dict[str, Any] = {"revision": seen["revision"]}
        if what in ("undo", "redo", "seen"):
            return "POST", f"{self.at}/images/{image_id}/{what}", body
        return "POST", f"{self.at}/images/{image_id}/edits", {**body, "edit": self._edit(what, seen)}

    def _edit(self, kind: str, seen: Any) -> dict[str, Any]:
        finding = self.chance.choice([one["finding_id"] for one in seen["capillaries"]] or ["c1"])
        box = {"x": self.chance.uniform(0, 500), "y": self.chance.uniform(0, 350), "w": 40, "h": 100}
        length = self.chance.choice((10, 20, 40, 60))
        new: dict[str, Any] = {"finding_id": seen["next_finding_id"], "box": box}
        loop: dict[str, Any] = {"finding_id": finding}
        members: dict[str, dict[str, Any]] = {
            "delete_capillary": loop,
            "set_morphology": {
                **loop,
                "morphology": self.chance.choice(("normal", "tortuous", "ramified", "giant")),
                "against_measurement": True,
            },
            "set_size": {**loop, "size": self.chance.choice(("normal", "giant", None)), "against_measurement": True},
            "set_row": {**loop, "row": self.chance.choice(("distal", "other", None))},
            "set_width": {
                **loop,
                "width": "apical",
                "segment": {"start_px": [100, 100], "end_px": [100, 100 + length]},
            },
            "exclude": {"reason": "hair"},
            "set_comment": {"text": "read twice"},
            "add_haemorrhage": new,
            "add_capillary": new,
        }
        return {"kind": kind, **members.get(kind, {})}

    def _finish_again(self, client: FlaskClient, header: dict[str, str]) -> None:
        frame = self.station.next_frame(np.full((48, 64, 3), (150, 90, 60), np.uint8))
        self.station.show(frame, shown_frame(frame.seq, frame.captured_monotonic_s).analysis)
        for verb, body in (("capture", {}), ("finish", {"accepts_missing": True})):
            answer = client.post(f"{API_PREFIX}/exam/{verb}", json=body, headers=header)
            assert answer.status_code == 200, answer.text

    @property
    def review(self) -> Any:
        return self.read(f"{self.at}/review").json

    @property
    def newest_message(self) -> dict[str, Any] | None:
        queued = self.station.store.outbox.due(datetime.now(timezone.utc), limit=1000)
        mine = [json.loads(one.message.payload) for one in queued]
        return mine[-1] if mine else None


@pytest.fixture(params=[4, 9])
def clinic(tmp_path: Path, request: pytest.FixtureRequest) -> Clinic:
    return Clinic(tmp_path, request.param)


def words_of(page: str) -> str:
    bare = re.sub(r"(?s)<(script|style|svg|template)\b.*?</\1>", "", unescape(page))
    return " ".join(re.sub("<[^>]+>", " ", bare).split())


def without_units(found: re.Match[str] | None) -> str:
    assert found is not None
    return re.sub(r"\s*(/mm|µm|%)", "", found[1]).strip()


def test_everything_says_the_same_after_every_step(clinic: Clinic) -> None:
    for _ in range(STEPS):
        clinic.step()
        assert clinic.station.store.exam(clinic.exam_id).state is ExamState.FINISHED
        review, figures = clinic.review, clinic.read(f"{clinic.at}/figures").json["exam"]
        page = words_of(clinic.read(f"/exams/{clinic.exam_id}").text)
        paper = words_of(clinic.read(f"/exams/{clinic.exam_id}/report/document.html").text)
        is_validated = review["validated_by"] is not None
        trace = clinic.done[-4:]
        assert ("not validated" not in page[: page.index("Density per mm")]) is is_validated, trace
        assert ("Not validated by a physician" not in paper) is is_validated, trace
        assert review["conclusion"] in paper, trace
        for on_page, on_paper in HEADLINES:
            assert without_units(re.search(on_page, page)) == without_units(re.search(on_paper, paper)), trace
        assert_files_agree(clinic, review, figures, is_validated)


def assert_files_agree(clinic: Clinic, review: Any, figures: Any, is_validated: bool) -> None:
    packed = zipfile.ZipFile(io.BytesIO(clinic.file("csv")))
    (row,) = csv.DictReader(io.StringIO(packed.read("exams.csv").decode("utf-8-sig")))
    trace = clinic.done[-4:]
    for key, figure in figures.items():
        assert (row[key] == "") is (figure["value"] is None), (key, trace)
    bundle = json.loads(clinic.file("fhir"))
    (report,) = (one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "DiagnosticReport")
    assert (report["status"] in ("final", "amended", "corrected")) is is_validated, (report["status"], trace)
    assert report.get("conclusion", "") == review["conclusion"], trace
    message = clinic.newest_message
    assert message is not None
    assert ("validated_at" in message) is is_validated, trace
    if is_validated:
        for key, stated in message["figures"].items():
            assert (stated["value"] is None) is (figures[key]["value"] is None), (key, trace)
