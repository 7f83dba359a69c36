"""Whoever does what in whatever order: pages, paper, files and messages say of an exam the same at every moment.

`NAILFOLD_WALKS=200` in front of pytest takes as many walks; two are enough for every day.
"""

import csv
import io
import json
import os
import random
import re
import zipfile
from dataclasses import replace
from datetime import datetime, timezone
from html import unescape
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pypdfium2
import pytest
from flask.testing import FlaskClient

from appliance.domain.bands import CALIBRE, DENSITY
from appliance.domain.exam import ExamStart, ExamState, Finger
from appliance.domain.exam_figures import Figure
from appliance.domain.honest_digits import rounded
from appliance.domain.printed_figure import decimals_in_document, decimals_of_figure
from appliance.domain.said_beside import SAYS, said_beside
from tests.support.accounts import ADMINISTRATOR, OPERATOR, PASSWORD, PHYSICIAN
from tests.support.exam_parts import CALIBRATION, shown_frame
from tests.support.page_station import PageStation
from tests.support.review_exam import finished_exam
from webui.api.openapi import API_PREFIX, TOKEN_HEADER
from webui.localisation.catalogue import text
from webui.localisation.figure_formatting import format_figure
from webui.settings import WebSettings

STEPS = 15
KINDS = (
    "delete_capillary", "set_morphology", "set_size", "set_row", "set_width", "exclude", "include", "set_comment",
    "add_haemorrhage", "add_capillary", "undo", "redo", "seen", "conclusion", "pattern", "report-facts", "reopen",
    "validate", "validate", "validate", "invalidate", "archive", "unarchive", "calibrate",
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
        # Every other walk has a thumb, which does not count, and the rule by which a wide ramified loop is no giant.
        fingers = (Finger.RING, Finger.MIDDLE, *([Finger.THUMB] if seed % 2 else []))
        start = ExamStart(OPERATOR, counts_ramified_giants=seed % 2 == 0)
        exam = finished_exam(self.station.store, len(fingers), fingers=fingers, start=start)
        self.exam_id = exam.exam_id
        self.at = f"{API_PREFIX}/exams/{self.exam_id}"
        self.number, self.chance = seed, random.Random(seed)
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
        if what == "calibrate":  # what is captured from now on has another scale; what is kept has its own
            self.station.calibration = replace(CALIBRATION, um_per_px=self.chance.choice((0.9, 1.41, 2.2)))
            return
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
        if what in ("archive", "unarchive"):
            body = {"exam_ids": [self.exam_id], "is_archived": what == "archive"}
            return "POST", f"{API_PREFIX}/exams/archive", body
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


@pytest.fixture(params=range(int(os.environ.get("NAILFOLD_WALKS", "2"))))
def clinic(tmp_path: Path, request: pytest.FixtureRequest) -> Clinic:
    return Clinic(tmp_path, request.param)


def words_of(page: str) -> str:
    bare = re.sub(r"(?s)<(script|style|svg|template)\b.*?</\1>", "", unescape(page))
    return " ".join(re.sub("<[^>]+>", " ", bare).split())


def without_units(found: re.Match[str] | None) -> list[str]:
    """The words, in whatever order page and paper have number, uncertainty and what is said beside."""
    assert found is not None
    return sorted(re.sub(r"\s*(/mm|µm|%)", "", found[1]).split())


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
        for key in ("fast_track", "sub_pattern"):
            if (word := format_figure(key, as_figure(figures[key])).value) != text("unmeasured"):
                assert word in page, (key, trace)
                assert word.casefold() in paper.casefold(), (key, trace)
        assert_files_agree(clinic, review, clinic.read(f"{clinic.at}/figures").json, is_validated)
    # They cost seconds each: the paper's own text after every other walk, the DICOM report after the others.
    (assert_dicom_agrees if clinic.number % 2 else assert_print_agrees)(clinic, figures)


def as_figure(stated: Any) -> Figure:
    return Figure(stated["value"], stated["uncertainty"], stated["because"], stated["basis"])


def printed(key: str, stated: Any) -> float:
    """The number as pages and paper print it."""
    return rounded(float(stated["value"]), decimals_of_figure(key, as_figure(stated)))


def assert_files_agree(clinic: Clinic, review: Any, document: Any, is_validated: bool) -> None:
    trace, figures = clinic.done[-4:], document["exam"]
    packed = zipfile.ZipFile(io.BytesIO(clinic.file("csv")))
    tables = {
        name: list(csv.DictReader(io.StringIO(packed.read(name).decode("utf-8-sig")))) for name in packed.namelist()
    }
    (row,) = tables["exams.csv"]
    assert_row(row, figures, trace)
    rows = {(one["hand"], one["finger"]): one for one in tables["fingers.csv"]}
    for one in document["fingers"]:
        assert_row(rows[one["hand"], one["finger"]], one["figures"], trace)
    bundle = json.loads(clinic.file("fhir"))
    (report,) = (one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "DiagnosticReport")
    assert (report["status"] in ("final", "amended", "corrected")) is is_validated, (report["status"], trace)
    assert report.get("conclusion", "") == review["conclusion"], trace
    assert_bundle(bundle, document, trace)
    message = clinic.newest_message
    assert message is not None
    assert ("validated_at" in message) is is_validated, trace
    if is_validated:
        assert_message(message, document, review, trace)


def assert_row(row: dict[str, str], figures: Any, trace: Any) -> None:
    for key, figure in figures.items():
        value = figure["value"]
        if isinstance(value, str) or value is None:
            assert row[key] == (value or ""), (key, trace)
        else:
            assert float(row[key]) == value, (key, trace)
        assert row[f"{key}_because"] == (figure["because"] or ""), (key, trace)
        for name in SAYS.get(key, ()):
            assert row[f"{key}_{name}"].split() == beside(key, figure).get(name, []), (key, name, trace)


def beside(key: str, stated: Any) -> dict[str, list[str]]:
    """What page and paper say beside a figure, by name."""
    said: dict[str, list[str]] = {}
    for one in said_beside(key, as_figure(stated)):
        said.setdefault(one.name, []).append(str(one.value))
    return said


def assert_bundle(bundle: Any, document: Any, trace: Any) -> None:
    """Every number under a figure's code is one that is printed of exam, finger, sector or picture."""
    known: dict[str, set[float]] = {}
    groups = (
        document["exam"],
        *(one["figures"] for part in ("fingers", "sectors", "images") for one in document[part]),
    )
    for group in groups:
        for key, figure in group.items():
            if isinstance(figure["value"], int | float):
                known.setdefault(key, set()).add(printed(key, figure))
    found = 0
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] != "Observation":
            continue
        for part in (entry["resource"], *entry["resource"].get("component", ())):
            code = part["code"]["coding"][0]["code"].replace("-", "_")
            value = part.get("valueQuantity", {}).get("value", part.get("valueInteger"))
            if value is not None and code in known:
                found += 1
                assert value in known[code], (code, value, trace)
    assert found, trace
    (exam,) = (entry["resource"] for entry in bundle["entry"] if "hasMember" in entry["resource"])
    said: dict[str, list[str]] = {}
    for part in exam["component"]:
        value = part.get("valueInteger", part.get("valueQuantity", {}).get("value"))
        if "valueCodeableConcept" in part:
            value = part["valueCodeableConcept"]["coding"][0]["code"]
        said.setdefault(part["code"]["coding"][0]["code"], []).append(str(value))
    for key, figure in document["exam"].items():
        for name in SAYS.get(key, ()):
            assert said.get(f"{key}.{name}", []) == beside(key, figure).get(name, []), (key, name, trace)


def assert_message(message: Any, document: Any, review: Any, trace: Any) -> None:
    for key, stated in message["figures"].items():
        figure = document["exam"][key]
        assert stated["value"] == (None if figure["value"] is None else printed(key, figure)), (key, trace)
    fingers = {(one["hand"], one["finger"]): one["figures"] for one in document["fingers"]}
    for total in message["fingers"]:
        figures = fingers[total["hand"], total["finger"]]
        assert total["mean_density_per_mm"] == figures["density_per_mm"]["value"], trace
        for counter in ("haemorrhages", "ramified", "tortuous", "capillaries_total"):
            assert total[counter] == (figures[counter]["value"] or 0), (counter, trace)
    of_images = {one["image_id"]: one["figures"] for one in document["images"]}
    for image in message["images"]:
        metrics, figures = image["result"]["metrics"], of_images[image["image_id"]]
        if not image["excluded"] and figures["density_per_mm"]["value"] is not None:
            digits = decimals_in_document("density_per_mm", as_figure(figures["density_per_mm"]))
            assert rounded(metrics["density_per_mm"], digits) == figures["density_per_mm"]["value"], trace
            assert DENSITY.name(metrics["density_per_mm"]) == figures["density_band"]["value"], trace
        for capillary in image["result"]["capillaries"]:
            widest = max((um for um in capillary["widths_um"].values() if um is not None), default=None)
            if widest is not None and capillary["size_basis"] == "measured":
                assert CALIBRE.name(widest) == capillary["size"], (widest, capillary["size"], trace)


def assert_print_agrees(clinic: Clinic, figures: Any) -> None:
    """The PDF's own text."""
    pdf = pypdfium2.PdfDocument(clinic.read(f"{clinic.at}/report.pdf").data)
    try:
        on_paper = " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
    finally:
        pdf.close()
    trace = clinic.done[-4:]
    for key in ("density_per_mm", "mean_apical_um", "largest_width_um"):
        if figures[key]["value"] is not None:
            assert format_figure(key, as_figure(figures[key])).value in on_paper, (key, trace)


def assert_dicom_agrees(clinic: Clinic, figures: Any) -> None:
    """The report as it is read back from its bytes."""
    trace = clinic.done[-4:]
    packed = zipfile.ZipFile(io.BytesIO(clinic.file("dicom")))
    objects = [pydicom.dcmread(io.BytesIO(packed.read(name))) for name in packed.namelist() if name.endswith(".dcm")]
    for one in objects:
        if one.Modality != "SR":
            continue
        group = next(
            found
            for found in hd.sr.ComprehensiveSR.from_dataset(one).content.get_image_measurement_groups()
            if found.tracking_identifier == "exam"
        )
        stated = {measured.name.value: float(measured.value) for measured in group.get_measurements()}
        evaluations = group.get_qualitative_evaluations()
        words = {word.name.value: word.value.value for word in evaluations}
        for key, figure in figures.items():
            if isinstance(figure["value"], str):
                assert words[key] == figure["value"], (key, trace)
            elif figure["value"] is not None:
                assert stated[key] == printed(key, figure), (key, trace)
            for name, values in beside(key, figure).items() if figure["value"] is not None else ():
                code = f"{key}.{name}"
                found = [str(one.value.value) for one in evaluations if one.name.value == code] or [str(stated[code])]
                assert found == values or float(found[0]) == float(values[0]), (code, trace)
