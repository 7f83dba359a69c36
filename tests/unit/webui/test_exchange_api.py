"""Exports and imports over the API."""

import base64
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pypdfium2
import pytest
from fhir.resources.R4B.bundle import Bundle
from flask.testing import FlaskClient
from PIL import Image

from appliance.domain.errors import ExportError
from appliance.domain.exam_search import ExamPage, ExamQuery
from appliance.exports.selection import MOST_EXAMS, exams_found
from appliance.exports.settings import PacsSettings
from appliance.ports import ExamImport
from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.archive import Archive
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import EXAM_ID, PSEUDONYM, finished_exam, image_id, pixels
from tests.support.page_client import log_in
from tests.support.page_station import PageStation


@pytest.fixture
def exam(station: PageStation) -> str:
    station.store.import_exams([ExamImport(*finished_exam(), "archive")], NOON)
    return EXAM_ID


def png(at: int = 0, dpi: float | None = None) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels(at)).save(buffer, "PNG", **({} if dpi is None else {"dpi": (dpi, dpi)}))
    return buffer.getvalue()


def begin(client: FlaskClient) -> str:
    return str(client.post("/api/v1/imports").json["import_id"])  # type: ignore[index]


def add(client: FlaskClient, import_id: str, name: str, content: bytes) -> dict[str, Any]:
    answer = client.post(
        f"/api/v1/imports/{import_id}/files?name={name}", data=content, content_type="application/octet-stream"
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def wait_for(client: FlaskClient, path: str, done: tuple[str, ...]) -> dict[str, Any]:
    for _ in range(500):
        found: dict[str, Any] = client.get(path).json
        if found["state"] in done:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{path} stayed {found}")


def test_each_format_is_a_download_with_a_name(client: FlaskClient, exam: str) -> None:
    with client.get(f"/api/v1/exams/{exam}/exports/fhir") as answer:
        assert answer.mimetype == "application/fhir+json"
        Bundle.model_validate_json(answer.data)
    for form in ("dicom", "csv", "zip", "coco"):
        with client.get(f"/api/v1/exams/{exam}/exports/{form}") as answer:
            assert answer.status_code == 200
            assert f"exam-{exam[:8]}" in answer.headers["Content-Disposition"]
            assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None


def test_the_printed_report_goes_into_the_bundle_where_it_is_asked_for(client: FlaskClient, exam: str) -> None:
    with client.get(f"/api/v1/exams/{exam}/exports/fhir?with_report=true") as answer:
        Bundle.model_validate_json(answer.data)
        entries = json.loads(answer.data)["entry"]
    report = next(one["resource"] for one in entries if one["resource"]["resourceType"] == "DiagnosticReport")
    (form,) = report["presentedForm"]
    assert form["contentType"] == "application/pdf"
    pages = pypdfium2.PdfDocument(base64.b64decode(form["data"]))
    assert PSEUDONYM in pages[0].get_textpage().get_text_range()
    assert client.get(f"/api/v1/exams/{exam}/exports/csv?with_report=true").status_code == 400


def test_an_export_is_noted_with_its_digest(client: FlaskClient, station: PageStation, exam: str) -> None:
    client.get(f"/api/v1/exams/{exam}/exports/csv").close()
    (entry,) = station.journal.entries(f"exam:{exam}")
    assert (entry.action, entry.detail["format"], len(entry.detail["sha256"])) == ("exam.exported", "csv", 64)


def test_several_exams_are_one_file(client: FlaskClient, station: PageStation, exam: str) -> None:
    other = "019ab000-0000-7000-8000-000000000002"
    station.store.import_exams([ExamImport(*finished_exam(exam_id=other), "archive")], NOON)
    with client.post("/api/v1/exports", json={"format": "dicom", "exam_ids": [exam, other]}) as answer:
        names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert {name.split("/")[0] for name in names} == {exam, other}


OTHER_ID = "019ab000-0000-7000-8000-000000000002"


def names_in(client: FlaskClient, path: str, body: dict[str, Any]) -> set[str]:
    with client.post(f"/api/v1/exports/{path}", json={"format": "zip", **body}) as answer:
        assert answer.status_code == 200, answer.text
        names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    return {name.split("/")[1] for name in names if name.startswith("exams/")}


def test_all_that_a_search_finds_is_exported_but_what_is_open_or_discarded(
    client: FlaskClient, station: PageStation, exam: str
) -> None:
    station.store.import_exams([ExamImport(*finished_exam(exam_id=OTHER_ID, pseudonym="NC-7"), "archive")], NOON)
    station.store.discard_exam(station.store.start_exam("NC-7", NOON).exam_id, NOON)
    station.store.start_exam("NC-7", NOON)
    assert names_in(client, "found", {"search": {}}) == {exam, OTHER_ID}
    assert names_in(client, "found", {"search": {"text": "NC-7"}}) == {OTHER_ID}
    nothing = client.post("/api/v1/exports/found", json={"format": "csv", "search": {"text": "nobody"}})
    assert (nothing.status_code, "no finished exam" in nothing.text) == (400, True)


def test_a_project_is_exported_with_its_folders(client: FlaskClient, station: PageStation, exam: str) -> None:
    station.store.import_exams([ExamImport(*finished_exam(exam_id=OTHER_ID, pseudonym="NC-7"), "archive")], NOON)
    project = station.store.folders.add_folder("Lupus")
    visit = station.store.folders.add_folder("Visit 1", project.folder_id)
    station.store.file_exams({OTHER_ID: visit.folder_id})
    assert names_in(client, "found", {"search": {"folder_id": project.folder_id}}) == {OTHER_ID}


def test_a_collection_is_exported_as_the_exams_of_its_pictures(
    client: FlaskClient, station: PageStation, exam: str
) -> None:
    station.store.import_exams([ExamImport(*finished_exam(exam_id=OTHER_ID, pseudonym="NC-7"), "archive")], NOON)
    giants = station.services.collections.add_collection("Giants", NOON)
    station.services.collections.add_images(giants.collection_id, [image_id(0), image_id(1)])
    assert names_in(client, "collection", {"collection_id": giants.collection_id}) == {exam}
    empty = station.services.collections.add_collection("Empty", NOON)
    refused = client.post("/api/v1/exports/collection", json={"format": "csv", "collection_id": empty.collection_id})
    assert refused.status_code == 400


def test_more_exams_than_go_into_one_file_are_refused_with_the_way_out() -> None:
    class Many:
        def search(self, query: ExamQuery, limit: int = 50, offset: int = 0) -> ExamPage:
            return ExamPage((), MOST_EXAMS + 1)

    with pytest.raises(ExportError, match=r"501 exams do not go into one file.*by folder"):
        exams_found(Many(), ExamQuery())


def test_an_unknown_exam_or_format_is_refused(client: FlaskClient, exam: str) -> None:
    assert client.get(f"/api/v1/exams/{image_id(1)}/exports/csv").status_code == 404
    assert client.get(f"/api/v1/exams/{exam}/exports/xml").status_code == 422
    assert client.get(f"/api/v1/exams/{exam}/exports/csv?with_identity=true").status_code == 400
    assert client.post("/api/v1/exports", json={"format": "csv", "exam_ids": []}).status_code == 422


def test_the_scale_that_a_file_states_is_shown_with_its_origin_and_used(
    client: FlaskClient, station: PageStation
) -> None:
    import_id = begin(client)
    # 1.27 um per pixel are 20,000 dots per inch; 96 are a screen's.
    stated = add(client, import_id, "left-index-A.png", png(0, dpi=20_000))
    screen = add(client, import_id, "left-index-B.png", png(1, dpi=96))
    assert (stated["um_per_px"], stated["scale_source"]) == (pytest.approx(1.27, rel=1e-4), "tags")
    assert (screen["um_per_px"], screen["scale_source"]) == (None, None)
    client.post(f"/api/v1/imports/{import_id}/start", json={"pseudonym": "NC-9"})
    done = wait_for(client, f"/api/v1/imports/{import_id}", ("done", "failed"))
    kept = station.store.exam(done["exam_id"])
    scales = [image.analysis.um_per_px for image in kept.images]
    assert scales == [pytest.approx(1.27, rel=1e-4), None]


def test_pictures_become_an_exam_with_what_was_guessed_and_corrected(client: FlaskClient, station: PageStation) -> None:
    import_id = begin(client)
    first = add(client, import_id, "Scans/Left/index_A.png", png(0))
    second = add(client, import_id, "IMG_2.png", png(1))
    broken = add(client, import_id, "IMG_3.png", b"no picture")
    assert (first["hand"], first["finger"], first["sector"], first["problem"]) == ("left", "index", "A", "")
    assert (second["hand"], broken["width_px"]) == (None, 0)
    assert "not a picture" in broken["problem"]
    start = {"pseudonym": "NC-9", "um_per_px": 1.5}
    refused = client.post(f"/api/v1/imports/{import_id}/start", json=start)
    assert (refused.status_code, refused.json["error"]["message"]) == (409, "1 file has no hand or finger")  # type: ignore[index]
    place = {"hand": "right", "finger": "ring", "sector": "C"}
    assert client.put(f"/api/v1/imports/{import_id}/files/2", json=place).status_code == 200
    assert client.post(f"/api/v1/imports/{import_id}/start", json=start).status_code == 200
    done = wait_for(client, f"/api/v1/imports/{import_id}", ("done", "failed"))
    assert (done["state"], done["done"], done["total"]) == ("done", 2, 2)
    kept = station.store.exam(done["exam_id"])
    assert [(image.finger.value, image.sector.value) for image in kept.images] == [("index", "A"), ("ring", "C")]
    assert kept.images[0].analysis.um_per_px == 1.5
    mark = station.store.import_mark(kept.exam_id)
    assert mark is not None
    assert mark.origin == "pictures"
    assert client.get(f"/exams/{kept.exam_id}").status_code == 200


def test_a_name_in_place_of_a_pseudonym_is_refused_before_the_work(client: FlaskClient) -> None:
    import_id = begin(client)
    add(client, import_id, "L2A.png", png())
    answer = client.post(f"/api/v1/imports/{import_id}/start", json={"pseudonym": "Ana Ruiz"})
    assert answer.status_code == 409
    assert client.get(f"/api/v1/imports/{import_id}").json["state"] == "collecting"  # type: ignore[index]


def test_pictures_of_a_patient_who_looks_like_one_who_is_here_wait_for_an_answer(
    client: FlaskClient, station: PageStation
) -> None:
    station.store.patients.add_patient("P-0O1", NOON)
    import_id = begin(client)
    add(client, import_id, "L2A.png", png())
    start = f"/api/v1/imports/{import_id}/start"
    assert client.post(start, json={"pseudonym": "P-001"}).status_code == 409
    assert client.get(f"/api/v1/imports/{import_id}").json["state"] == "collecting"  # type: ignore[index]
    assert client.post(start, json={"pseudonym": "P-001", "is_another": True}).status_code == 200


def test_a_file_beyond_the_usual_size_of_a_request_is_taken(client: FlaskClient) -> None:
    big = io.BytesIO()
    Image.effect_noise((1600, 1200), 80).convert("RGB").save(big, "BMP")
    assert len(big.getvalue()) > 5 << 20
    item = add(client, begin(client), "L2A.bmp", big.getvalue())
    assert (item["problem"], item["width_px"]) == ("", 1600)
    assert client.post("/api/v1/exam/start", data=b"x" * (2 << 20), content_type="application/json").status_code == 413


def test_a_file_can_be_left_out_and_an_import_dropped(client: FlaskClient) -> None:
    import_id = begin(client)
    add(client, import_id, "L2A.png", png())
    left = client.delete(f"/api/v1/imports/{import_id}/files/1").json
    assert left["total"] == 0  # type: ignore[index]
    assert client.post(f"/api/v1/imports/{import_id}/start", json={"pseudonym": "NC-1"}).status_code == 409
    assert client.delete(f"/api/v1/imports/{import_id}").status_code == 204
    assert client.get(f"/api/v1/imports/{import_id}").status_code == 404


def upload(client: FlaskClient, content: bytes) -> str:
    answer = client.post("/api/v1/archives", data=content, content_type="application/octet-stream")
    assert answer.status_code == 200, answer.text
    return str(answer.json["upload_id"])  # type: ignore[index]


def test_an_archive_goes_from_box_to_box_with_its_review(client: FlaskClient, station: PageStation, exam: str) -> None:
    reviewed = station.services.reviews
    reviewed.conclude(exam, "No scleroderma pattern.", "dr.ruiz", reviewed.log(exam).revision)
    with client.get(f"/api/v1/exams/{exam}/exports/zip") as answer:
        archive = answer.data
    again = client.post(f"/api/v1/archives/{upload(client, archive)}/take-in", json={}).json
    assert again == {"imported": [], "known": [exam], "problems": [], "undecided": [], "looks_like": {}}
    other = PageStation()
    taken = other.exchange.archives
    upload_id = taken.receive(io.BytesIO(archive))
    from appliance.exports.archive.read import ArchiveChoices  # noqa: PLC0415

    assert taken.take_in(upload_id, ArchiveChoices(), "dr.neu").problems == ()
    assert other.services.reviews.reviewed(exam).conclusion == "No scleroderma pattern."
    entries = other.journal.entries(f"review:{exam}")
    assert [entry.actor for entry in entries] == ["dr.ruiz@imported"]
    assert other.journal.verify().is_intact


@pytest.mark.parametrize("is_alike_only", [False, True])
def test_a_pseudonym_in_use_is_asked_about_and_the_upload_waits(
    client: FlaskClient, station: PageStation, is_alike_only: bool
) -> None:
    source = PageStation()
    source.store.import_exams([ExamImport(*finished_exam(), "archive")], NOON)
    buffer = io.BytesIO()
    from appliance.exports.export_service import ExportFormat  # noqa: PLC0415

    source.exchange.exports.export(ExportFormat.ZIP, [EXAM_ID], buffer, "dr.ruiz")
    here = PSEUDONYM.replace("0", "O") if is_alike_only else PSEUDONYM
    station.store.patients.add_patient(here, NOON)
    upload_id = upload(client, buffer.getvalue())
    asked = client.post(f"/api/v1/archives/{upload_id}/take-in", json={}).json
    assert asked["undecided"] == [PSEUDONYM]  # type: ignore[index]
    assert asked["looks_like"] == ({PSEUDONYM: here} if is_alike_only else {})  # type: ignore[index]
    assert station.store.exams() == ()
    done = client.post(f"/api/v1/archives/{upload_id}/take-in", json={"renamed": {PSEUDONYM: "GUEST-1"}}).json
    assert done["imported"] == [EXAM_ID]  # type: ignore[index]
    assert station.store.exam(EXAM_ID).patient_pseudonym == "GUEST-1"


def test_what_is_no_archive_is_refused(client: FlaskClient) -> None:
    upload_id = upload(client, b"no zip")
    answer = client.post(f"/api/v1/archives/{upload_id}/take-in", json={})
    assert (answer.status_code, answer.json["error"]["message"][:22]) == (400, "this is no ZIP archive")  # type: ignore[index]
    assert client.delete(f"/api/v1/archives/{upload_id}").status_code == 204


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as running:
        yield running


def test_an_exam_is_sent_in_the_background(archive: Archive, tmp_path: Path) -> None:
    pacs = PacsSettings("127.0.0.1", archive.port, "ARCHIVE", timeout_s=5.0)
    station = PageStation(pacs=pacs)
    station.store.import_exams([ExamImport(*finished_exam(), "archive")], NOON)
    station.exchange.start()
    station.exchange.exports.send(EXAM_ID, "dr.ruiz")
    deadline = time.monotonic() + 20
    while not station.journal.entries(f"exam:{EXAM_ID}") and time.monotonic() < deadline:
        time.sleep(0.02)
    station.exchange.stop()
    (entry,) = station.journal.entries(f"exam:{EXAM_ID}")
    assert (entry.actor, entry.action, entry.detail["stored"]) == ("dr.ruiz", "exam.sent_to_pacs", 4)
    assert isinstance(archive.received[0], pydicom.Dataset)


def test_without_an_archive_sending_says_what_to_set(client: FlaskClient, exam: str) -> None:
    answer = client.post(f"/api/v1/exams/{exam}/pacs", json={})
    assert answer.status_code == 400
    assert "no DICOM archive is set" in json.dumps(answer.json)
    assert client.get(f"/api/v1/exams/{exam}/pacs").json["state"] == "none"  # type: ignore[index]
    assert client.get("/api/v1/pacs").json["is_on"] is False  # type: ignore[index]


def test_files_are_made_as_jobs_that_their_owner_finds_again(
    client: FlaskClient, station: PageStation, exam: str
) -> None:
    station.exchange.jobs.start()
    asked = client.post("/api/v1/jobs/export", json={"format": "csv", "exam_ids": [exam]}).json["job"]
    assert (asked["kind"], asked["subject"]) == ("csv", PSEUDONYM)
    job = wait_for_job(client, asked["job_id"])
    assert job["file_name"] == f"exam-{EXAM_ID[:8]}.csv.zip"
    with client.get(f"/api/v1/jobs/{job['job_id']}/file") as made:
        assert "capillaries.csv" in zipfile.ZipFile(io.BytesIO(made.data)).namelist()
    assert [one["job_id"] for one in client.get("/api/v1/jobs").json["jobs"]] == [job["job_id"]]
    other = log_in(station.app.test_client(), PHYSICIAN)
    assert other.get("/api/v1/jobs").json == {"jobs": []}
    assert other.get(f"/api/v1/jobs/{job['job_id']}/file").status_code == 404
    assert client.delete(f"/api/v1/jobs/{job['job_id']}").json == {"jobs": []}
    station.exchange.jobs.stop()


def test_operator_may_ask_for_a_report_and_for_no_export(station: PageStation, exam: str) -> None:
    operator = log_in(station.app.test_client(), OPERATOR)
    assert operator.post("/api/v1/jobs/report", json={"exam_id": exam}).json["job"]["state"] == "waiting"
    assert operator.post("/api/v1/jobs/export", json={"format": "csv", "exam_ids": [exam]}).status_code == 403
    assert operator.get("/files").status_code == 200


@pytest.mark.parametrize("selection", [{}, {"exam_ids": [EXAM_ID], "search": {}}, {"exam_ids": []}])
def test_export_names_one_selection(client: FlaskClient, selection: dict[str, Any]) -> None:
    assert client.post("/api/v1/jobs/export", json={"format": "csv", **selection}).status_code == 422


def wait_for_job(client: FlaskClient, job_id: str) -> dict[str, Any]:
    for _ in range(500):
        found: dict[str, Any] = client.get(f"/api/v1/jobs/{job_id}").json["job"]
        if found["state"] in ("done", "failed"):
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_file_that_contradicts_its_name_says_so_before_anything_is_measured(
    client: FlaskClient, station: PageStation, exam: str
) -> None:
    image = station.store.exam(exam).images[0]
    import_id = begin(client)
    named = add(client, import_id, "right-thumb-D.png", station.store.read_png(exam, image.image_id))
    assert (named["hand"], named["finger"], named["sector"]) == (
        image.hand.value,
        image.finger.value,
        image.sector.value,
    )
    assert "its name says right" in named["note"]
    assert "its name says D" in named["note"]


def test_pictures_are_not_from_the_future(client: FlaskClient) -> None:
    import_id = begin(client)
    add(client, import_id, "left-index-A.png", png())
    start = {"pseudonym": "NC-1", "taken_at": "2099-01-01T10:00:00Z"}
    refused = client.post(f"/api/v1/imports/{import_id}/start", json=start)
    assert refused.status_code == 400
    assert "2099-01-01 is in the future" in refused.json["error"]["message"]
    assert client.get(f"/api/v1/imports/{import_id}").json["state"] == "collecting"
