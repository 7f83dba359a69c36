"""Pins by the header's number where the board is known, by chip and line everywhere."""

import pytest

from firmware.errors import FirmwareError
from firmware.pin_map import HEADERS, Line, PwmChannel, line_of, pwm_of


@pytest.mark.parametrize(("pin", "offset"), [("7", 144), ("29", 105), ("33", 43), ("40", 51)])
def test_a_pin_of_the_orins_header_is_a_line_of_its_chip(pin: str, offset: int) -> None:
    assert line_of(pin, "jetson-orin") == Line("tegra234-gpio", offset)


def test_chip_and_line_serve_any_board() -> None:
    assert line_of("tegra264-gpio:12", "jetson-thor") == Line("tegra264-gpio", 12)
    assert pwm_of("32e0000.pwm:0", "generic") == PwmChannel("32e0000.pwm", 0)


def test_a_pin_with_a_pwm_is_found_by_its_number() -> None:
    assert pwm_of("32", "jetson-orin") == PwmChannel("32e0000.pwm", 0)


@pytest.mark.parametrize("pin", ["1", "41", "-7", "x", "chip:", ":5", "7.5"])
def test_a_pin_without_a_line_is_refused_and_those_with_one_are_named(pin: str) -> None:
    with pytest.raises(FirmwareError, match=r"no GPIO on pin .* Use one of 7, 11, 12"):
        line_of(pin, "jetson-orin")


def test_a_pin_without_a_pwm_is_refused() -> None:
    with pytest.raises(FirmwareError, match=r"no PWM on pin '29'. Use one of 15, 32, 33"):
        pwm_of("29", "jetson-orin")


def test_a_board_without_a_known_header_says_how_to_name_a_line() -> None:
    with pytest.raises(FirmwareError, match=r'No header of it is known: name device and number, as in "tegra234'):
        line_of("29", "jetson-thor")


def test_no_two_pins_share_a_line() -> None:
    for header in HEADERS.values():
        assert len(set(header.lines.values())) == len(header.lines)
        assert set(header.pwms) <= set(header.lines)
