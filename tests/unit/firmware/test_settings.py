"""Settings that cannot work are refused with the value."""

import pytest

from firmware.settings import FirmwareSettings


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"board": "raspberry"}, "raspberry"),
        ({"bounce_s": 0.0}, "bounce_s is 0"),
        ({"bounce_s": 2.5}, "shorter"),
        ({"capture_pin": "29", "led_pin": "29"}, "each its own"),
        ({"watchdog_timeout_s": -1}, "watchdog_timeout_s is -1"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        FirmwareSettings(**changes)  # type: ignore[arg-type]


def test_nothing_connected_is_fine() -> None:
    assert not any(FirmwareSettings().pins)
