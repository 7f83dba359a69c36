"""The wizard's verbs over the API, with pictures of a stage micrometer of known scale."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient

from appliance.exam.calibration_reminder import CalibrationReminder
from appliance.exam.scale_in_force import ScaleInForce
from engines.synthetic.micrometer import MicrometerAppearance, render_micrometer
from engines.synthetic.render import render
from tests.support.accounts import ADMINISTRATOR, OPERATOR, PHYSICIAN
from tests.support.exam_parts import shown_frame
from tests.support.page_client import log_in
from tests.support.page_station import PageStation

UM_PER_PX = 1.41
Show = Callable[..., None]


@pytest.fixture
def show(station: PageStation) -> Show:
    """Puts something under the scope."""

    def under_the_scope(image: np.ndarray | None = None, width: int = 640, height: int = 480, **look: Any) -> None:
        image = render_micrometer(width, height, UM_PER_PX, MicrometerAppearance(**look)) if image is None else image
        frame = station.next_frame(image)
        analysis = replace(shown_frame(frame.seq, frame.captured_monotonic_s).analysis, um_per_px=None)
        station.show(frame, analysis)

    return under_the_scope


@pytest.fixture
def physician(stranger: FlaskClient) -> FlaskClient:
    return log_in(stranger, PHYSICIAN)


def test_the_page_says_that_the_fleet_asks_and_why(station: PageStation, stranger: FlaskClient) -> None:
    nurse = log_in(stranger, OPERATOR)
    asked = "Those who look after the boxes have asked for a new calibration (22 Nov 2026, 10:05)."
    assert asked not in nurse.get("/calibration/").text
    station.reminder = CalibrationReminder(datetime(2026, 11, 22, 10, 5, tzinfo=timezone.utc), "the <ring> was turned")
    assert f"{asked} They say: the &lt;ring&gt; was turned" in nurse.get("/calibration/").text


def post(client: FlaskClient, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json
    return document


def measure(client: FlaskClient) -> dict[str, Any]:
    picture = post(client, "calibration/freeze")
    return post(client, "calibration/find", picture_id=picture["picture_id"], division_um=10)


def keep(client: FlaskClient, *measured: dict[str, Any], magnification: str = "200", **more: Any) -> dict[str, Any]:
    ids = [one["measurement_id"] for one in measured]
    body = {"measurement_ids": ids, "magnification": magnification, "target": "1 mm / 100", **more}
    kept: dict[str, Any] = post(client, "calibration/keep", **body)["calibration"]
    return kept


def test_both_axes_become_a_calibration_with_evidence_operator_and_journal(
    physician: FlaskClient, station: PageStation, show: Show
) -> None:
    show(angle_deg=2.0)
    along_x = measure(physician)
    show(angle_deg=92.0)
    along_y = measure(physician)
    assert (along_x["axis"], along_y["axis"]) == ("x", "y")
    kept = keep(physician, along_x, along_y)
    assert kept["um_per_px"] == pytest.approx(UM_PER_PX, rel=0.005)
    assert abs(kept["um_per_px"] - UM_PER_PX) < 3 * kept["uncertainty_um_per_px"]
    assert (kept["magnification"], kept["operator"], kept["state"]) == ("200x", PHYSICIAN, "active")
    for axis in "xy":
        png = physician.get(f"/api/v1/calibrations/{kept['calibration_id']}/evidence/{axis}").data
        assert cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR).shape == (480, 640, 3)
    entry = station.journal.entries(f"calibration:{kept['calibration_id']}")[0]
    assert (entry.actor, entry.action) == (PHYSICIAN, "calibration.made")
    assert physician.get(f"/calibration/{kept['calibration_id']}").status_code == 200


def test_frames_of_another_size_magnification_or_device_are_refused_with_the_reason(
    physician: FlaskClient, station: PageStation, show: Show
) -> None:
    show()
    kept = keep(physician, measure(physician))
    rule: ScaleInForce = station.calibrations.in_force

    def answer(width: int = 640, height: int = 480, device: str = "a168:0990:X1") -> Any:
        frame = station.next_frame(np.zeros((height, width, 3), np.uint8))
        return rule.for_frame(replace(frame, camera=replace(frame.camera, camera_id=device)))

    assert answer().calibration.calibration_id == kept["calibration_id"]
    assert answer(1280, 1024).calibration is None
    assert "calibrated for 640x480 frames, these are 1280x1024" in answer(1280, 1024).reason
    assert "is not calibrated" in answer(device="a168:0990:X2").reason
    post(physician, "calibration/magnification", magnification="50")
    assert answer().calibration is None
    assert "set to 50x and calibrated at 200x alone" in answer().reason
    post(physician, "calibration/magnification", magnification="200 x")
    assert answer().calibration is not None


def test_retiring_locks_micrometres_and_undo_unlocks_them(
    physician: FlaskClient, station: PageStation, show: Show
) -> None:
    show()
    kept = keep(physician, measure(physician))
    path = f"calibrations/{kept['calibration_id']}/state"
    frame = station.next_frame(np.zeros((480, 640, 3), np.uint8))
    assert post(physician, path, state="retired")["previous_state"] == "active"
    assert station.calibrations.in_force.for_frame(frame).calibration is None
    post(physician, path, state="active")
    assert station.calibrations.in_force.for_frame(frame).calibration is not None


def test_two_points_are_the_fallback_and_more_uncertain(physician: FlaskClient, show: Show) -> None:
    show(contrast=0.02, noise=6.0)
    picture = post(physician, "calibration/freeze")
    refused = post(physician, "calibration/find", 400, picture_id=picture["picture_id"], division_um=10)
    assert "no evenly spaced graduations" in refused["error"]["message"]
    points = {"start_px": [100, 240], "end_px": [100 + 500 / UM_PER_PX, 240], "distance_um": 500}
    measured = post(physician, "calibration/points", picture_id=picture["picture_id"], **points)
    kept = keep(physician, measured)
    assert kept["um_per_px"] == pytest.approx(UM_PER_PX)
    assert kept["uncertainty_um_per_px"] == pytest.approx(0.011, abs=0.001)
    assert kept["evidence"][0]["method"] == "two_points"


def test_points_beside_the_picture_are_refused(physician: FlaskClient, show: Show) -> None:
    show()
    picture = post(physician, "calibration/freeze")
    points = {"start_px": [-5, 10], "end_px": [600, 10], "distance_um": 500}
    fault = post(physician, "calibration/points", 400, picture_id=picture["picture_id"], **points)
    assert "outside the picture" in fault["error"]["message"]


def test_a_nailfold_under_the_scope_is_no_scale(physician: FlaskClient, show: Show) -> None:
    show(render(seed=3).image_rgb)
    picture = post(physician, "calibration/freeze")
    post(physician, "calibration/find", 400, picture_id=picture["picture_id"], division_um=10)


def test_measurements_of_two_frame_sizes_do_not_go_together(physician: FlaskClient, show: Show) -> None:
    show()
    one = measure(physician)
    show(width=800, height=600, angle_deg=90.0)
    other = measure(physician)
    ids = [one["measurement_id"], other["measurement_id"]]
    fault = post(physician, "calibration/combine", 400, measurement_ids=ids)
    assert "different cameras or frame sizes" in fault["error"]["message"]


def test_a_wrong_division_is_doubted_by_the_profile(physician: FlaskClient, show: Show) -> None:
    show(width=1280, height=1024)
    picture = post(physician, "calibration/freeze")
    for division_um, verdict in ((10, "fits"), (100, "differs")):
        found = post(physician, "calibration/find", picture_id=picture["picture_id"], division_um=division_um)
        body = {"measurement_ids": [found["measurement_id"]], "magnification": "220x"}
        hint = post(physician, "calibration/combine", **body)["hint"]
        assert hint["plausibility"] == verdict
        assert "dinolite.us" in hint["source"]


def test_operators_state_the_magnification_and_calibrate_nothing(stranger: FlaskClient, show: Show) -> None:
    operator = log_in(stranger, OPERATOR)
    show()
    assert operator.get("/calibration/").status_code == 200
    assert post(operator, "calibration/magnification", magnification="200")["magnification"] == "200x"
    post(operator, "calibration/freeze", 403)
    post(operator, "calibration/keep", 403, measurement_ids=["a"], magnification="200", target="t")
    assert operator.get("/api/v1/calibrations").json["stated_magnification"] == "200x"


def test_without_a_picture_or_after_it_was_forgotten_the_remedy_is_told(client: FlaskClient, show: Show) -> None:
    assert "no picture" in post(client, "calibration/freeze", 400)["error"]["message"]
    fault = post(client, "calibration/find", 400, picture_id="gone", division_um=10)
    assert fault["error"]["remedy"] == "Freeze the picture and measure again."


def test_an_administrator_may_calibrate_too(stranger: FlaskClient, show: Show) -> None:
    show()
    administrator = log_in(stranger, ADMINISTRATOR)
    assert keep(administrator, measure(administrator))["operator"] == ADMINISTRATOR


def test_an_empty_target_or_magnification_is_refused(physician: FlaskClient, show: Show) -> None:
    show()
    ids = [measure(physician)["measurement_id"]]
    post(physician, "calibration/keep", 422, measurement_ids=ids, magnification="200", target="")
    post(physician, "calibration/keep", 400, measurement_ids=ids, magnification="200", target="  ")
    post(physician, "calibration/keep", 400, measurement_ids=ids, magnification="much", target="t")
    assert physician.get("/api/v1/calibrations").json["calibrations"] == []
