"""gpiozero's pins on any GPIO chip, found by its label; lgpio's own factory knows Raspberry Pis alone."""

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

from gpiozero import BoardInfo, HeaderInfo, PinInfo

from firmware.board import GpioChip, gpio_chips, identify_board
from firmware.errors import FirmwareError
from firmware.own_folder import own_working_folder
from firmware.pin_map import HEADERS

# As it is imported, lgpio makes a pipe of a fixed name in the working folder: services may not write to theirs, and two
# processes in one folder would take each other's.
with own_working_folder():
    from gpiozero.pins.lgpio import LGPIOFactory

LABEL_VARIABLE = "NAILFOLD_GPIO_CHIP"


class ChipLabelFactory(LGPIOFactory):  # type: ignore[misc]  # gpiozero has no types
    """Pins of one chip: "GPIO<line>", and "BOARD<pin>" where the board's header is known.

    Registered as gpiozero's pin factory "nailfold", so that GPIOZERO_PIN_FACTORY=nailfold makes gpiozero's own tools
    work on the box.

    Args:
        label: of the chip; None takes $NAILFOLD_GPIO_CHIP, else the chip of the board's header.
        dev: where the chips are; for tests.

    Raises:
        FirmwareError: no chip has that label, or this user may not open it.
    """

    def __init__(self, label: str | None = None, dev: Path = Path("/dev")) -> None:
        self._board = identify_board()
        header = HEADERS.get(self._board.name)
        label = label or os.environ.get(LABEL_VARIABLE) or (header.chip_label if header else "")
        try:
            chip = chip_labelled(label, gpio_chips(dev))
            super().__init__(chip=int(Path(chip.path).name.removeprefix("gpiochip")))
        except OSError as error:
            remedy = "Add the firmware's user to the group gpio (systemd/udev/70-nailfold.rules)."
            raise FirmwareError(f"the GPIO chip {label!r} cannot be opened: {error}", remedy) from error
        # gpiozero shares these between all its local factories, by the pins' names; two chips have lines of one name.
        self.pins: dict[Any, Any] = {}
        self._reservations: dict[Any, Any] = defaultdict(list)
        self._described: Any = None
        self._lines = chip.lines
        self._header = header if header is not None and header.chip_label == label else None

    def _get_board_info(self) -> Any:
        if self._described is None:
            self._described = self._describe()
        return self._described

    def _describe(self) -> Any:
        pins_of_lines = {} if self._header is None else {line: pin for pin, line in self._header.lines.items()}
        pins = {line: _pin(line, pins_of_lines.get(line)) for line in range(self._lines)}
        header = HeaderInfo(name="GPIO", rows=self._lines, columns=1, pins=pins)
        unknown = dict.fromkeys(BoardInfo._fields, "")
        return BoardInfo(**{**unknown, "model": self._board.model, "headers": {"GPIO": header}})


def chip_labelled(label: str, chips: tuple[GpioChip, ...]) -> GpioChip:
    """The chip with that label. Raises FirmwareError, which names those that there are."""
    found = next((chip for chip in chips if chip.label == label), None)
    if found is None:
        there = ", ".join(chip.label for chip in chips) or "none"
        raise FirmwareError(f"no GPIO chip is labelled {label!r}", f"There are: {there}. See: nailfold doctor.")
    return found


def _pin(line: int, header_pin: int | None) -> Any:
    names = {f"GPIO{line}", line, str(line)} | ({f"BOARD{header_pin}"} if header_pin is not None else set())
    interfaces = frozenset({"gpio"})
    name = f"GPIO{line}"
    return PinInfo(number=line, name=name, names=frozenset(names), pull="", row=line + 1, col=1, interfaces=interfaces)
