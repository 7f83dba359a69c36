import base64
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
from flask.testing import FlaskClient

from appliance import schemas
from appliance.domain.exam import Exam
from appliance.exam.review_log import VALIDATED, review_subject
from appliance.ports import OutboxMessage
from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from tests.support.report_exams import exam_now, skin_png


@pytest.fixture
def station(tmp_path: Path) -> PageStation:
    return PageStation(report_folder=tmp_path / "report")


@pytest.fixture
def exam(station: PageStation) -> Exam:
    made = exam_now().exam
    started = station.store.start_exam("NC-0042", made.started_at_utc)
    for image in made.images:
        kept = replace(image, sha256=hashlib.sha256(skin_png()).hexdigest())
        station.store.add_image(started.exam_id, kept, skin_png())
    message = OutboxMessage("00000000-0000-7000-8000-000000000007", "nailfold.exam/1", b"{}", "0" * 64)
    assert made.finished_at_utc is not None
    return station.store.finish_exam(started.exam_id, made.finished_at_utc, message)


def client_of(station: PageStation, name: str) -> FlaskClient:
    return log_in(station.app.test_client(), name)


def in_base64(content: bytes) -> dict[str, str]:
    return {"content_base64": base64.b64encode(content).decode()}


def test_figures_over_the_api_fit_their_schema(station: PageStation, exam: Exam) -> None:
    answer = client_of(station, OPERATOR).get(f"/api/v1/exams/{exam.exam_id}/figures")
    schemas.validate("nailfold.figures-2", answer.json)
    assert answer.json["exam"]["fast_track"]["value"] == "scleroderma"
    assert client_of(station, OPERATOR).get(f"/api/v1/exams/{UUID(int=5)}/figures").status_code == 404


def figures_of_exam(station: PageStation, exam: Exam) -> dict[str, Any]:
    found: dict[str, Any] = client_of(station, OPERATOR).get(f"/api/v1/exams/{exam.exam_id}/figures").json["exam"]
    return found


def test_an_operator_changes_nothing_that_a_physician_has_validated(station: PageStation, exam: Exam) -> None:
    path = f"/api/v1/exams/{exam.exam_id}/report-facts"
    operator, physician = client_of(station, OPERATOR), client_of(station, PHYSICIAN)
    assert operator.put(path, json={"facts": {"medication": "iloprost"}}).status_code == 200
    station.journal.append("physician", review_subject(exam.exam_id), VALIDATED, {})
    assert physician.get(f"/api/v1/exams/{exam.exam_id}/review").json["validated_by"] == "physician"
    assert operator.put(path, json={"facts": {"medication": "none"}}).status_code == 403
    assert operator.get(path).json["facts"] == {"medication": "iloprost"}
    assert physician.put(path, json={"facts": {"medication": "none"}}).status_code == 200
    assert physician.get(f"/api/v1/exams/{exam.exam_id}/review").json["validated_by"] is None


def test_the_exams_page_shows_each_figure_with_what_it_rests_on(station: PageStation, exam: Exam) -> None:
    page = client_of(station, OPERATOR).get(f"/exams/{exam.exam_id}").text
    assert 'data-explain="density_per_mm" data-detail="' in page
    assert "Category 2: scleroderma pattern" in page
    # The image that decided is named, and one step away.
    decided = figures_of_exam(station, exam)["fast_track"]["basis"]["image_id"]
    assert f'href="/exams/{exam.exam_id}/images/{decided}' in page
    assert "Decided by: " in page
    assert "disorganisation not rated" in page


def test_a_rating_changes_the_score_and_only_a_physician_gives_it(station: PageStation, exam: Exam) -> None:
    path, facts = (
        f"/api/v1/exams/{exam.exam_id}/report-facts",
        {"facts": {"room_temperature_c": 23, "disorganisation": 2}},
    )
    assert client_of(station, OPERATOR).put(path, json=facts).status_code == 403
    assert client_of(station, OPERATOR).put(path, json={"facts": {"room_temperature_c": 22.5}}).status_code == 200
    physician = client_of(station, PHYSICIAN)
    assert physician.put(path, json=facts).json["facts"]["disorganisation"] == 2
    figures = physician.get(f"/api/v1/exams/{exam.exam_id}/figures").json["exam"]
    assert figures["score_disorganisation"]["value"] == 2
    assert figures["mes"]["value"] is not None
    assert physician.put(path, json={"facts": {"disorganisation": 4}}).status_code == 409
    # The operator may still change the rest and leave the rating as it is.
    assert (
        client_of(station, OPERATOR).put(path, json={"facts": {**facts["facts"], "smoking": "no"}}).status_code == 200
    )


def test_a_report_comes_as_pdf_and_the_journal_knows(station: PageStation, exam: Exam) -> None:
    answer = client_of(station, OPERATOR).get(f"/api/v1/exams/{exam.exam_id}/report.pdf?paper=letter&language=it")
    assert answer.mimetype == "application/pdf"
    document = pypdfium2.PdfDocument(answer.data)
    assert "Capillaroscopia periungueale" in document[0].get_textpage().get_text_bounded()
    document.close()
    assert [one.action for one in station.journal.entries(f"report:{exam.exam_id}")] == ["report.made"]
    refused = client_of(station, OPERATOR).get(f"/api/v1/exams/{exam.exam_id}/report.pdf?language=pt")
    assert refused.status_code == 422


def test_the_report_on_screen_loads_only_from_this_station(station: PageStation, exam: Exam) -> None:
    client = client_of(station, OPERATOR)
    assert client.get(f"/exams/{exam.exam_id}/report").status_code == 200
    document = client.get(f"/exams/{exam.exam_id}/report/document.html?language=es").text
    assert "Categoría 2: patrón esclerodérmico" in document
    assert "style=" not in document
    assert "data:" not in document
    picture = client.get(f"/exams/{exam.exam_id}/report/images/{exam.images[0].image_id}.jpg?width=320")
    assert picture.data.startswith(b"\xff\xd8")
    assert "@page" in client.get("/report/style.css").text
    assert client.get("/report/logo").status_code == 404


def test_settings_are_the_administrators_and_reach_the_next_report(station: PageStation, exam: Exam) -> None:
    form = {
        "title": "Our title",
        "institution": "Clinic",
        "language": "de",
        "pages": ["trace"],
        "figures": ["giants"],
        "columns": ["giants"],
        "fields": ["smoking", "oil"],
    }
    assert client_of(station, PHYSICIAN).put("/api/v1/report/form", json=form).status_code == 403
    assert client_of(station, PHYSICIAN).get("/settings/report").status_code == 403
    administrator = log_in(station.app.test_client())
    assert administrator.put("/api/v1/report/form", json=form).json == {"files": ["form.toml"]}
    page = administrator.get("/settings/report").text
    assert "Our title" in page
    document = administrator.get(f"/exams/{exam.exam_id}/report/document.html").text
    assert "Our title" in document
    assert "Rückverfolgbarkeit" in document
    assert 'data-fact="oil"' in administrator.get(f"/exams/{exam.exam_id}/report").text


def test_a_faulty_template_is_refused_with_its_line_and_a_good_one_can_be_removed(
    station: PageStation, exam: Exam
) -> None:
    administrator = log_in(station.app.test_client())
    path = "/api/v1/report/files/template.html.jinja"
    refused = administrator.put(path, json=in_base64(b"<p>\n{% if %}"))
    assert refused.status_code == 400
    assert "template.html.jinja, line 2" in refused.json["error"]["message"]
    assert administrator.put(path, json=in_base64(b"<p>mine</p>")).json == {"files": ["template.html.jinja"]}
    document = f"/exams/{exam.exam_id}/report/document.html"
    assert administrator.get(document).text == "<p>mine</p>"
    assert administrator.delete(path).json == {"files": []}
    assert "Fast Track" in administrator.get(document).text
    assert administrator.get("/settings/report/files/style.css").data.startswith(b"/* The report")
