"""Pages, gate and headers by Flask's test client."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient

from appliance.domain.errors import SettingsError
from tests.support.page_station import PageStation
from webui.app import create_app
from webui.localisation.catalogue import catalogue
from webui.settings import WebSettings


@pytest.mark.parametrize("path", ["/", "/login", "/exams/", "/nowhere", "/api/v1/state"])
def test_no_foreign_code_can_run_on_any_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_bring_no_inline_code_and_nothing_from_elsewhere(client: FlaskClient, finished_exam: str) -> None:
    for path in ("/", "/login", "/exams/", f"/exams/{finished_exam}"):
        page = client.get(path).text
        assert "style=" not in page
        assert "<script>" not in page
        assert " onclick" not in page
        assert "http://" not in page.replace("http://www.w3.org/", "")
        assert "https://" not in page


def test_pages_about_patients_are_not_kept_by_the_browser(client: FlaskClient, finished_exam: str) -> None:
    assert client.get(f"/exams/{finished_exam}").headers["Cache-Control"] == "no-store"


def test_health_answers_a_watchdog_without_login_and_without_patients(
    stranger: FlaskClient, station: PageStation, take_picture: Callable[[], None]
) -> None:
    assert stranger.get("/health/alive").json == {"status": "alive"}
    assert stranger.get("/health/ready").status_code == 503
    take_picture()
    ready = stranger.get("/health/ready")
    assert ready.status_code == 200
    assert set(ready.json or {}) == {"is_ready", "camera", "analysis_fps"}
    station.unplug()
    assert stranger.get("/health/ready").status_code == 503


def test_exam_page_shows_figures_and_delivery(client: FlaskClient, finished_exam: str) -> None:
    page = client.get(f"/exams/{finished_exam}").text
    assert "NC-0042" in page
    assert "waiting to be sent" in page
    assert "Left hand, Index, A" in page
    assert ">23</button>" in page, "22.56 um, off by 3.9"


def test_list_shows_the_exam_with_the_state_of_its_message(client: FlaskClient, finished_exam: str) -> None:
    page = client.get("/exams/").text
    assert f"/exams/{finished_exam}" in page
    assert "waiting to be sent" in page


def test_still_and_its_smaller_copy_show_the_captured_picture(
    client: FlaskClient, station: PageStation, finished_exam: str
) -> None:
    image_id = station.store.exam(finished_exam).images[0].image_id
    original = client.get(f"/exams/{finished_exam}/images/{image_id}.png")
    assert original.mimetype == "image/png"
    pixels = cv2.imdecode(np.frombuffer(original.data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (48, 64, 3)
    assert tuple(pixels[0, 0]) == (60, 90, 150), "BGR of the captured colour"
    small = client.get(f"/exams/{finished_exam}/images/{image_id}.jpg?width=32")
    pixels = cv2.imdecode(np.frombuffer(small.data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (24, 32, 3)
    assert np.abs(pixels[0, 0].astype(int) - (60, 90, 150)).max() <= 4


def test_stored_result_of_a_still_is_the_analysis_document(
    client: FlaskClient, station: PageStation, finished_exam: str
) -> None:
    image = station.store.exam(finished_exam).images[0]
    answer = client.get(f"/exams/{finished_exam}/images/{image.image_id}.json")
    assert answer.json == json.loads(image.recorded.text)


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/exams/0190a1b2-0000-7000-8000-000000000000",
        "/exams/not-an-id",
        "/exams/../../etc/passwd",
    ],
)
def test_unknown_pages_are_404_with_a_way_back(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "To the live page" in answer.text


def test_unknown_still_is_404(client: FlaskClient, finished_exam: str) -> None:
    for ending in ("png", "jpg", "json"):
        path = f"/exams/{finished_exam}/images/0190a1b2-0000-7000-8000-000000000000.{ending}"
        assert client.get(path).status_code == 404


def test_every_metric_explains_itself_with_its_source() -> None:
    for key, words in catalogue()["metrics"].items():
        assert words["name"], key
        assert len(words["definition"]) > 20, key
        assert words["source"], key


def test_theme_is_dark_unless_the_browser_chose_light(client: FlaskClient) -> None:
    assert 'data-theme="dark"' in client.get("/").text
    client.set_cookie("nailfold_theme", "light")
    assert 'data-theme="light"' in client.get("/").text
    client.set_cookie("nailfold_theme", '"><script>')
    assert 'data-theme="dark"' in client.get("/").text


def test_app_without_the_built_front_end_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, station: PageStation, tmp_path: Path
) -> None:
    monkeypatch.setattr("webui.app.DIST", tmp_path)
    with pytest.raises(SettingsError, match="make setup"):
        create_app(station.services, WebSettings())
