"""Brightness as sysfs gets it."""

from pathlib import Path

import pytest

from firmware.errors import FirmwareError
from firmware.pin_map import PwmChannel
from firmware.ring_light import PwmLight

PLACE = PwmChannel("32e0000.pwm", 0)


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """Two PWM devices; the light's is not the first. The channel is exported already: a folder cannot make files."""
    for number, device in enumerate(("3280000.pwm", "32e0000.pwm")):
        (tmp_path / "devices" / device).mkdir(parents=True)
        chip = tmp_path / f"class/pwm/pwmchip{number}"
        (chip / "pwm0").mkdir(parents=True)
        (chip / "device").symlink_to(tmp_path / "devices" / device)
        for name in ("period", "duty_cycle", "enable"):
            (chip / "pwm0" / name).write_text("0")
    return tmp_path


def written(sysfs: Path, number: int = 1) -> dict[str, int]:
    channel = sysfs / f"class/pwm/pwmchip{number}/pwm0"
    return {name: int((channel / name).read_text()) for name in ("period", "duty_cycle", "enable")}


def test_it_is_dark_at_first_and_bright_as_told(sysfs: Path) -> None:
    light = PwmLight(PLACE, sysfs)
    assert written(sysfs) == {"period": 40_000, "duty_cycle": 0, "enable": 1}
    light.set(0.25)
    assert (light.level, written(sysfs)["duty_cycle"]) == (0.25, 10_000)
    light.set(1.0)
    assert written(sysfs)["duty_cycle"] == 40_000
    light.close()
    assert written(sysfs) == {"period": 40_000, "duty_cycle": 0, "enable": 0}
    assert written(sysfs, 0) == {"period": 0, "duty_cycle": 0, "enable": 0}, "the other device is left alone"


@pytest.mark.parametrize("level", [-0.1, 1.01, float("nan")])
def test_a_brightness_that_there_is_not_changes_nothing(sysfs: Path, level: float) -> None:
    light = PwmLight(PLACE, sysfs)
    light.set(0.5)
    with pytest.raises(ValueError, match="use 0 to 1"):
        light.set(level)
    assert written(sysfs)["duty_cycle"] == 20_000


def test_a_missing_device_is_named_with_those_that_there_are(sysfs: Path) -> None:
    with pytest.raises(FirmwareError, match=r"no PWM device x.pwm. There are: 3280000.pwm, 32e0000.pwm"):
        PwmLight(PwmChannel("x.pwm", 0), sysfs)


def test_a_file_that_cannot_be_written_is_named(sysfs: Path) -> None:
    (sysfs / "class/pwm/pwmchip1/pwm0/period").unlink()
    (sysfs / "class/pwm/pwmchip1/pwm0/period").mkdir()
    with pytest.raises(FirmwareError, match="period cannot be written: Is a directory"):
        PwmLight(PLACE, sysfs)
