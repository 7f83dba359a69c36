"""Which line of which chip, and which PWM, hangs on which pin of a board's 40-pin header."""

from collections.abc import Mapping
from dataclasses import dataclass

from firmware.errors import FirmwareError

# Lines of "tegra234-gpio" and PWMs behind the header of the Orin Nano and NX developer kit, by pin (NVIDIA's
# Jetson.GPIO, JETSON_ORIN_NX_PIN_DEFS). Other carriers differ: their sites name chip and line.
_ORIN_LINES = {
    7: 144,
    11: 112,
    12: 50,
    13: 122,
    15: 85,
    16: 126,
    18: 125,
    19: 135,
    21: 134,
    22: 123,
    23: 133,
    24: 136,
    26: 137,
    29: 105,
    31: 106,
    32: 41,
    33: 43,
    35: 53,
    36: 113,
    37: 124,
    38: 52,
    40: 51,
}
_ORIN_PWMS = {15: "3280000.pwm", 32: "32e0000.pwm", 33: "32c0000.pwm"}


@dataclass(frozen=True)
class Header:
    """A header: the chip's label, its lines and the PWM devices by pin. Every PWM here has the channel 0 alone."""

    chip_label: str
    lines: Mapping[int, int]
    pwms: Mapping[int, str]


HEADERS: Mapping[str, Header] = {"jetson-orin": Header("tegra234-gpio", _ORIN_LINES, _ORIN_PWMS)}
"""By the names of `board.identify_board`. A Thor's header is not in here: nobody has measured it."""


@dataclass(frozen=True)
class Line:
    """A line of the GPIO chip with that label."""

    chip_label: str
    offset: int


@dataclass(frozen=True)
class PwmChannel:
    """A channel of the PWM device with that name in sysfs."""

    device: str
    channel: int


def line_of(pin: str, board: str) -> Line:
    """The line behind a pin as the settings name it. Raises FirmwareError if there is none."""
    label, colon, offset = pin.rpartition(":")
    if colon and label and offset.isdecimal():
        return Line(label, int(offset))
    header = HEADERS.get(board)
    if header is not None and pin.isdecimal() and int(pin) in header.lines:
        return Line(header.chip_label, header.lines[int(pin)])
    raise _unknown(
        f"the board {board} has no GPIO on pin {pin!r}", header.lines if header else {}, '"tegra234-gpio:105"'
    )


def pwm_of(pin: str, board: str) -> PwmChannel:
    """The PWM behind a pin as the settings name it. Raises FirmwareError if there is none."""
    device, colon, channel = pin.rpartition(":")
    if colon and device and channel.isdecimal():
        return PwmChannel(device, int(channel))
    header = HEADERS.get(board)
    if header is not None and pin.isdecimal() and int(pin) in header.pwms:
        return PwmChannel(header.pwms[int(pin)], 0)
    known = header.pwms if header else {}
    raise _unknown(f"the board {board} has no PWM on pin {pin!r}", known, '"32e0000.pwm:0"')


def _unknown(message: str, known: Mapping[int, object], example: str) -> FirmwareError:
    pins = f"Use one of {', '.join(map(str, sorted(known)))}, or" if known else "No header of it is known:"
    return FirmwareError(message, f"{pins} name device and number, as in {example}.")
