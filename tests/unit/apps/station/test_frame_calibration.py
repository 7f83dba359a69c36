"""A wrong scale would be wrong without any sign of it: which source gets which, and when none."""

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pytest

from appliance.apps.config.load_settings import COMMAND_LINE, load_settings
from appliance.apps.config.settings import CalibrationSettings, LoadedSettings
from appliance.apps.station.frame_calibration import (
    StationCalibration,
    is_due,
    operator_calibration,
    settings_at_full_size,
    station_calibration,
)
from appliance.capture.simulated import SceneOptions
from appliance.domain.calibration import Axis, ScaleOrigin
from appliance.domain.errors import CalibrationError, SettingsError
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.kept_calibration import KeptCalibration
from appliance.exam.scale_in_force import ScaleInForce
from appliance.storage.memory_calibrations import MemoryCalibrationStore
from tests.support.calibration_parts import MADE, kept_at

MICROMETER = CalibrationSettings(1.37, 640, 480, ScaleOrigin.STAGE_MICROMETER, "220x")


def frame_of(width: int = 640, height: int = 480) -> Frame:
    camera = CameraDescription("scope", "scope", "rgb8", width, height)
    return Frame(0, np.zeros((height, width, 3), np.uint8), 0.0, datetime(2026, 11, 22, tzinfo=timezone.utc), camera)


def settings_with(
    source: str, calibration: CalibrationSettings = MICROMETER, origin: str = "site.toml"
) -> LoadedSettings:
    settings = load_settings(None, {"station.board": "generic"}).settings
    settings = replace(settings, capture=replace(settings.capture, source=source), calibration=calibration)
    return LoadedSettings(settings, {"calibration.um_per_px": origin})


def rule_for(*arguments: Any, scene: SceneOptions | None = None, **named: Any) -> StationCalibration:
    return station_calibration(settings_with(*arguments, **named), lambda: scene)


def test_a_camera_is_measured_by_the_sites_own_calibration() -> None:
    rule = rule_for("v4l2:")
    scale = rule.for_frame(frame_of())
    assert scale is not None
    assert (scale.um_per_px, scale.origin, scale.magnification) == (1.37, ScaleOrigin.STAGE_MICROMETER, "220x")
    assert rule.newest.calibration is scale
    assert rule.newest.reason == ""


def test_a_frame_of_another_size_locks_micrometres_with_the_reason_and_the_right_size_unlocks_them() -> None:
    rule = rule_for("v4l2:")
    assert rule.for_frame(frame_of(1280, 1024)) is None
    assert rule.newest.calibration is None
    assert "is for 640x480 frames, this frame is 1280x1024" in rule.newest.reason
    assert rule.for_frame(frame_of()) is not None
    assert rule.newest.reason == ""


def test_a_camera_without_calibration_has_none_and_says_so() -> None:
    rule = rule_for("v4l2:", CalibrationSettings())
    assert rule.for_frame(frame_of()) is None
    assert "not calibrated" in rule.newest.reason


def test_calibration_without_a_size_holds_for_the_size_asked_of_the_camera() -> None:
    rule = rule_for("v4l2:", CalibrationSettings(1.41))
    assert rule.for_frame(frame_of(800, 600)) is None
    assert rule.for_frame(frame_of(640, 480)) is not None


def test_the_simulated_scope_is_measured_by_its_scene_never_by_the_sites_calibration() -> None:
    rule = rule_for("simulated:?um_per_px=2", scene=SceneOptions(640, 480, um_per_px=2.0))
    scale = rule.for_frame(frame_of())
    assert scale is not None
    assert (scale.um_per_px, scale.origin) == (2.0, ScaleOrigin.SIMULATED)


def test_a_scale_of_the_operator_for_the_simulated_scope_is_refused() -> None:
    with pytest.raises(SettingsError, match="um_per_px"):
        rule_for("simulated:", origin=COMMAND_LINE)


def test_a_recording_is_not_measured_by_the_calibration_of_the_sites_camera() -> None:
    rule = rule_for("file:clip.mp4")
    assert rule.for_frame(frame_of()) is None
    assert "--um-per-px" in rule.newest.reason


def test_a_recording_is_measured_by_the_operators_scale_at_its_own_size() -> None:
    rule = rule_for("file:clip.mp4", CalibrationSettings(2.1), origin=COMMAND_LINE)
    scale = rule.for_frame(frame_of(1024, 768))
    assert scale is not None
    assert (scale.um_per_px, scale.width_px, scale.origin) == (2.1, 1024, ScaleOrigin.OPERATOR)
    assert rule.for_frame(frame_of(640, 480)) is None, "another picture of the folder has another size"


@pytest.mark.parametrize("um_per_px", [0.0, -1.0, 0.01, 51.0, float("nan"), float("inf")])
def test_a_scale_that_no_capillaroscope_has_is_refused(um_per_px: float) -> None:
    with pytest.raises(CalibrationError):
        operator_calibration(um_per_px, 640, 480)


def test_a_picture_with_the_operators_scale_is_not_reduced() -> None:
    measured = settings_with("file:mosaic.tif", CalibrationSettings(2.1), origin=COMMAND_LINE)
    assert settings_at_full_size(measured).still_longest_side_px == 8192
    shown = settings_with("file:mosaic.tif")
    assert settings_at_full_size(shown) == shown.settings.capture


def test_a_reduction_that_would_falsify_the_operators_scale_is_refused() -> None:
    loaded = settings_with("file:mosaic.tif?max_px=640", CalibrationSettings(2.1), origin=COMMAND_LINE)
    with pytest.raises(SettingsError, match="max_px"):
        settings_at_full_size(loaded)


def wizard_with(*kept: KeptCalibration, stated: str | None = "200x") -> ScaleInForce:
    store = MemoryCalibrationStore()
    for one in kept:
        store.keep(one, {Axis.X: b"png"})
    if stated:
        store.state_magnification("scope", stated, MADE, "anna")
    return ScaleInForce(store)


def rule_over(in_force: ScaleInForce, source: str = "v4l2:", **named: Any) -> StationCalibration:
    return station_calibration(settings_with(source, **named), lambda: SceneOptions(640, 480), in_force)


def test_what_the_wizard_made_goes_before_the_sites_settings() -> None:
    scale = rule_over(wizard_with(kept_at("200x"))).for_frame(frame_of())
    assert scale is not None
    assert (scale.um_per_px, scale.uncertainty_um_per_px) == (1.40, 0.002)


def test_the_sites_settings_speak_only_for_a_scope_that_the_wizard_never_saw() -> None:
    scale = rule_over(wizard_with()).for_frame(frame_of())
    assert scale is not None
    assert scale.um_per_px == 1.37
    rule = rule_over(wizard_with(kept_at("200x"), stated="50x"))
    assert rule.for_frame(frame_of()) is None
    assert "calibrated at 200x alone" in rule.newest.reason


def test_a_calibration_without_a_stated_magnification_does_not_apply() -> None:
    rule = rule_over(wizard_with(kept_at("200x"), stated=None))
    assert rule.for_frame(frame_of()) is None
    assert "Nobody has said" in rule.newest.reason


def test_each_size_and_magnification_finds_its_own() -> None:
    in_force = wizard_with(kept_at("200x"), kept_at("200x", 1280, 0.7), kept_at("50x", 640, 5.6))
    rule = rule_over(in_force)
    found = [rule.for_frame(frame_of(width, 480)) for width in (640, 1280, 800)]
    assert [None if one is None else one.um_per_px for one in found] == [1.40, 0.7, None]
    assert "calibrated for 1280x480, 640x480 frames, these are 800x480" in rule.newest.reason


def test_a_scale_on_the_command_line_goes_before_the_wizard() -> None:
    rule = rule_over(wizard_with(kept_at("200x")), origin=COMMAND_LINE)
    scale = rule.for_frame(frame_of())
    assert scale is not None
    assert scale.um_per_px == 1.37
    assert not rule.needs_calibration


@pytest.mark.parametrize("source", ["simulated:?calibrated=0", "simulated:?micrometer=1&calibrated=no"])
def test_a_simulated_scope_may_be_one_that_nobody_calibrated(source: str) -> None:
    rule = rule_over(wizard_with(), source)
    assert rule.needs_calibration
    assert rule.for_frame(frame_of()) is None
    assert rule_over(wizard_with(kept_at("200x")), source).for_frame(frame_of()) is not None
    assert not rule_over(wizard_with(), "simulated:").needs_calibration


def test_a_calibration_of_a_year_ago_is_to_be_checked() -> None:
    loaded, kept = settings_with("v4l2:"), kept_at("200x")
    assert not is_due(kept, datetime(2027, 11, 21, 23, tzinfo=timezone.utc), loaded)
    assert is_due(kept, datetime(2027, 11, 22, 10, tzinfo=timezone.utc), loaded)
    assert not is_due(None, datetime(2030, 1, 1, tzinfo=timezone.utc), loaded)
