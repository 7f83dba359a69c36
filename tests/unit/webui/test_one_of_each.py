"""A box with exactly one of each thing: no page and no paper says "1 exams", in any language, attributes included."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from appliance.texts import LANGUAGES
from appliance.texts.plural_forms import forms
from tests.support.page_station import PageStation
from tests.unit.texts.test_forms_of_counts import texts_of

API = "/api/v1"


@pytest.fixture
def pages(client: FlaskClient, station: PageStation, finished_exam: str) -> tuple[str, ...]:
    """Addresses of every page that lists something."""
    (image,) = station.store.exam(finished_exam).images
    folder = client.post(f"{API}/folders", json={"name": "Clinic"}).json["folder"]["folder_id"]
    client.post(f"{API}/exams/file", json={"folder_ids": {finished_exam: folder}})
    collection = client.post(f"{API}/collections", json={"name": "One", "note": ""}).json["collection"]["collection_id"]
    client.post(f"{API}/collections/{collection}/images", json={"image_ids": [image.image_id]})
    (patient,) = station.store.patients.patients().patients
    exam, person = f"/exams/{finished_exam}", f"/patients/{patient.patient.patient_id}"
    return (
        "/exams/", exam, f"{exam}/images/{image.image_id}/review", f"{exam}/report", f"{exam}/report/document.html",
        "/patients/", person, f"{person}/erase", "/projects/", "/collections/", f"/collections/{collection}",
        "/files", "/settings/journal/", "/settings/backups/", "/about",
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_of_a_thing_is_not_said_in_the_words_for_several(
    client: FlaskClient, pages: tuple[str, ...], language: str
) -> None:
    several = {
        of["other"].replace("#", "1")
        for _, text in texts_of(language)
        for _, of in forms(text)
        if of["one"] != of["other"] and "#" in of["other"]
    }
    assert len(several) > 20
    wrong = re.compile(r"(?<![\w.,])(?:" + "|".join(map(re.escape, several)) + r")(?!\w)")
    client.set_cookie("nailfold_language", language)
    said = 0
    for path in pages:
        answer = client.get(f"{path}?language={language}" if path.endswith("document.html") else path)
        assert answer.status_code == 200, path
        page = " ".join(unescape(answer.text).split())
        assert wrong.findall(page) == [], path
        assert "plural," not in page, path
        said += len(re.findall(r"(?<![\w.,])1 \w", page))
    assert said >= 5, "the pages count something"
