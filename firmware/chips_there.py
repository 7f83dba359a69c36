"""Which of the GPIO chips that the settings name are there: a USB expander is pulled out, or found late."""

from collections.abc import Callable

from firmware.board import GpioChip, gpio_chips
from firmware.errors import FirmwareError
from firmware.pin_map import line_of
from firmware.settings import FirmwareSettings


class ChipsThere:
    """Remembers which were there when it was made: a chip that went and came again has lost the lines that were open.

    Args:
        board: as `firmware.board.identify_board` names it.
        chips: those of the kernel now.
    """

    def __init__(
        self, settings: FirmwareSettings, board: str, chips: Callable[[], tuple[GpioChip, ...]] = gpio_chips
    ) -> None:
        self._named = frozenset(_labels(settings, board))
        self._chips = chips
        self._at_first = self._now()

    def require_unchanged(self) -> None:
        """Raises FirmwareError where a chip that the settings name has come or gone."""
        now = self._now()
        if gone := self._at_first - now:
            raise _changed(f"the GPIO chip {', '.join(sorted(gone))} is gone")
        if come := now - self._at_first:
            raise _changed(f"the GPIO chip {', '.join(sorted(come))} has come")

    def _now(self) -> frozenset[str]:
        if not self._named:
            return frozenset()
        try:
            return self._named & {chip.label for chip in self._chips()}
        except OSError:  # one that is just going, or that this user may not open: `open_board` names those
            return frozenset()


def _changed(what: str) -> FirmwareError:
    return FirmwareError(what, "The service ends, and starts anew with what is there.")


def _labels(settings: FirmwareSettings, board: str) -> set[str]:
    labels = set()
    for pin in settings.pins:
        try:
            labels.add(line_of(pin, board).chip_label)
        except FirmwareError:
            continue  # no such pin, or none: `open_board` says so
    return labels
