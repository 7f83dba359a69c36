"""Alerts are raised and cleared late enough not to flutter, and early enough to help."""

from typing import Any

import pytest

from appliance.fleet.alerts import RULES, AlertCode, AlertRule, AlertWatch
from appliance.fleet.telemetry import OutboxDepth, Telemetry


def telemetry(**changes: Any) -> Telemetry:
    values: dict[str, Any] = {
        "ts": "2026-11-30T09:00:00.000Z",
        "boot_id": "b1",
        "software": "0.1.0",
        "engines": {},
        "temperatures_c": {"TJ": 60.0},
        "disk_free_mb": 80_000,
        "camera": "live",
        "capture_fps": 30.0,
        "engine_fps": 30.0,
        "outbox": OutboxDepth(pending=0, sent=0, acknowledged=0, dead=0),
    }
    return Telemetry(**{**values, **changes})


def heat(watch: AlertWatch, degrees: float, now_s: float) -> bool:
    return bool(watch.step(telemetry(temperatures_c={"TJ": degrees, "CPU": 20.0}), now_s))


def test_heat_must_last_to_be_told_and_must_be_gone_for_as_long_to_be_cleared() -> None:
    watch = AlertWatch([rule for rule in RULES if rule.code is AlertCode.HOT])
    assert not heat(watch, 95.0, 0)
    assert not heat(watch, 95.0, 59)
    assert heat(watch, 95.0, 60)
    assert heat(watch, 86.0, 100), "between the two limits nothing changes"
    assert heat(watch, 84.0, 200)
    assert heat(watch, 84.0, 259)
    assert not heat(watch, 84.0, 260)


def test_value_that_flutters_around_the_limit_raises_nothing() -> None:
    watch = AlertWatch([rule for rule in RULES if rule.code is AlertCode.HOT])
    for second in range(0, 600, 30):
        assert not heat(watch, 95.0 if second % 60 else 90.0, second)


def test_unknown_value_changes_nothing() -> None:
    rule = AlertRule(AlertCode.THROTTLED, lambda one: None if one.is_throttled is None else 1.0, 1.0, 0.0, 0.0)
    watch = AlertWatch([rule])
    assert watch.step(telemetry(is_throttled=True), 0)
    assert watch.step(telemetry(is_throttled=None), 1)


def test_low_disk_is_bad_and_a_little_more_is_not_yet_good() -> None:
    watch = AlertWatch([rule for rule in RULES if rule.code is AlertCode.DISK_LOW])
    (alert,) = watch.step(telemetry(disk_free_mb=4_999), 0)
    assert (alert.value, alert.limit) == (4_999, 5_000)
    assert watch.step(telemetry(disk_free_mb=7_999), 1)
    assert not watch.step(telemetry(disk_free_mb=8_000), 2)


@pytest.mark.parametrize("code", list(AlertCode))
def test_every_alert_has_a_rule_and_a_healthy_box_raises_none(code: AlertCode) -> None:
    watch = AlertWatch([rule for rule in RULES if rule.code is code])
    assert len(watch._watches) == 1
    assert not watch.step(telemetry(is_throttled=False, clock_is_synchronised=True), 0)


def test_slow_engine_is_told_only_while_there_is_a_picture() -> None:
    watch = AlertWatch([rule for rule in RULES if rule.code is AlertCode.ENGINE_SLOW])
    for now_s in (0, 500):
        assert not watch.step(telemetry(engine_fps=0.0, camera="lost"), now_s)
    watch.step(telemetry(engine_fps=1.0), 1_000)
    assert watch.step(telemetry(engine_fps=1.0), 1_120)
