"""Two scopes with one serial number: neither is measured with the other's calibration."""

from dataclasses import replace
from datetime import datetime, timezone

import numpy as np

from appliance.domain.calibration import Axis
from appliance.domain.frame import CameraDescription, Frame
from appliance.exam.scale_in_force import ScaleInForce
from appliance.storage.memory_calibrations import MemoryCalibrationStore
from tests.support.calibration_parts import MADE, kept_at

SCOPE = "a168:0980:200901010001"


def frame_of(camera_id: str) -> Frame:
    camera = CameraDescription("Dino-Lite", camera_id, "MJPG", 640, 480)
    return Frame(0, np.zeros((480, 640, 3), np.uint8), 0.0, datetime(2026, 11, 22, tzinfo=timezone.utc), camera)


def store_with(device_id: str) -> MemoryCalibrationStore:
    store = MemoryCalibrationStore()
    store.keep(replace(kept_at("200x"), device_id=device_id), {Axis.X: b"png"})
    store.state_magnification(device_id, "200x", MADE, "anna")
    return store


def test_a_scope_at_the_socket_where_it_was_calibrated_is_measured() -> None:
    assert ScaleInForce(store_with(f"{SCOPE}@1-1")).for_frame(frame_of(f"{SCOPE}@1-1")).calibration is not None


def test_the_same_serial_at_another_socket_is_not_measured_and_the_reason_names_the_first() -> None:
    answer = ScaleInForce(store_with(f"{SCOPE}@1-1")).for_frame(frame_of(f"{SCOPE}@1-2"))
    assert answer.calibration is None
    assert answer.has_any, "nor do the site's settings speak for it"
    assert "calibrated at the USB socket 1-1" in answer.reason


def test_scopes_without_a_serial_or_with_another_one_are_not_mixed_up() -> None:
    in_force = ScaleInForce(store_with(f"{SCOPE}@1-1"))
    for camera_id in ("a168:0980@1-2", "a168:0980:7@1-2"):
        answer = in_force.for_frame(frame_of(camera_id))
        assert (answer.calibration, answer.has_any) == (None, False)


def test_a_calibration_of_an_older_version_applies_and_is_due_for_its_check() -> None:
    answer = ScaleInForce(store_with(SCOPE)).for_frame(frame_of(f"{SCOPE}@1-1"))
    assert answer.kept is not None
    assert answer.kept.is_due(MADE, 12)


def test_once_one_of_two_is_calibrated_at_its_socket_the_old_one_speaks_for_no_other() -> None:
    store = store_with(SCOPE)
    own = kept_at("200x")
    named = replace(own.calibration, calibration_id="wizard-new")
    store.keep(replace(own, calibration=named, device_id=f"{SCOPE}@1-1"), {Axis.X: b"png"})
    store.state_magnification(f"{SCOPE}@1-1", "200x", MADE, "anna")
    assert ScaleInForce(store).for_frame(frame_of(f"{SCOPE}@1-1")).calibration == named
    assert ScaleInForce(store).for_frame(frame_of(f"{SCOPE}@1-2")).calibration is None
