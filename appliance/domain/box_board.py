"""The box's buttons, lamp, light and sensors as the pages see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BoxBoard:
    """A snapshot.

    Attributes:
        is_connected: the firmware answers; what follows is as it said last.
        reason: why it does not, or what is missing on the board; empty while all is well.
        name, model: of the board.
        is_simulated: a board of software, whose buttons a page can press.
        buttons, pressed: by the protocol's names: "capture", "freeze", "pedal", "shutdown".
        lamp: what the status LED shows; empty where there is none.
        light_level: brightness of the ring light, 0 to 1; None where there is none.
        temperatures_c, fans_rpm: by the kernel's names.
        watchdog: device of the hardware watchdog; empty where none is used.
        watchdog_reason: why it is not fed, or not used; empty while it is fed.
    """

    is_connected: bool
    reason: str
    name: str = ""
    model: str = ""
    is_simulated: bool = False
    buttons: tuple[str, ...] = ()
    pressed: tuple[str, ...] = ()
    lamp: str = ""
    light_level: float | None = None
    temperatures_c: Mapping[str, float] = field(default_factory=dict)
    fans_rpm: Mapping[str, int] = field(default_factory=dict)
    watchdog: str = ""
    watchdog_reason: str = ""


NO_BOARD = BoxBoard(is_connected=False, reason="this station has no board (firmware.board)")


@dataclass(frozen=True)
class ButtonOutcome:
    """What came of the buttons so far.

    Attributes:
        frozen_seq: number of the picture that a button froze; None while the pages are live.
        presses: how many were acted on or refused; a page notices a new one by it.
        problem: why the last press did nothing, in the operator's words; empty after a success.
    """

    frozen_seq: int | None = None
    presses: int = 0
    problem: str = ""
