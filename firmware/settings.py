"""What the site says about the board."""

from dataclasses import dataclass
from pathlib import Path

AUTO, SIMULATED, NONE = "auto", "simulated", "none"
PACKAGED_SOCKET = Path("/run/nailfold-firmware/board.sock")
"""Where the packaged firmware listens (systemd/nailfold-firmware.service)."""


@dataclass(frozen=True)
class FirmwareSettings:
    """Buttons, lamp, ring light and watchdog.

    A pin is the number on a known board's header ("29"), or the chip's label and its line ("tegra234-gpio:105"); empty
    where nothing is connected.

    Attributes:
        board: "auto": the pins below; "simulated": a board of software inside the station, for demonstrations;
            "none": no board, and no connection to one.
        socket: where firmware and station meet.
        capture_pin, freeze_pin, pedal_pin, shutdown_pin: contacts to ground, pulled up by the chip.
        led_pin: the status LED, on at a high level.
        light_pwm: the ring light: a pin of the header that has a PWM, or device and channel ("32e0000.pwm:0").
        bounce_s: a contact must rest for so long before its change counts; the time of its first edge is kept.
        finish_hold_s: holding the freeze button for so long finishes the exam.
        shutdown_hold_s: holding the shutdown button for so long confirms it.
        shutdown_file: written when the shutdown is confirmed; systemd watches it. None: the button does nothing.
        watchdog: part of the hardware watchdog's identity ("tegra"), "any" for whichever there is; empty for none.
        watchdog_timeout_s: the computer restarts so long after the last feeding.
        stalled_after_s: frames, store or web server without progress for so long end the feeding.
        start_limit_s: so long may the station be away, at first and later, unless it left in order.

    Raises:
        ValueError: a value that cannot work.
    """

    board: str = AUTO
    socket: Path = PACKAGED_SOCKET
    capture_pin: str = ""
    freeze_pin: str = ""
    pedal_pin: str = ""
    shutdown_pin: str = ""
    led_pin: str = ""
    light_pwm: str = ""
    bounce_s: float = 0.02
    finish_hold_s: float = 2.0
    shutdown_hold_s: float = 3.0
    shutdown_file: Path | None = None
    watchdog: str = ""
    watchdog_timeout_s: int = 60
    stalled_after_s: float = 30.0
    start_limit_s: float = 300.0

    def __post_init__(self) -> None:
        if self.board not in (AUTO, SIMULATED, NONE):
            raise ValueError(f"firmware.board is {self.board!r}; use auto, simulated or none")
        for name in ("bounce_s", "finish_hold_s", "shutdown_hold_s", "watchdog_timeout_s", "stalled_after_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"firmware.{name} is {getattr(self, name)}; set it above 0")
        if not self.bounce_s < min(self.finish_hold_s, self.shutdown_hold_s):
            raise ValueError("firmware.bounce_s must be shorter than the times of holding")
        named = [pin for pin in self.pins if pin]
        if len(set(named)) < len(named):
            raise ValueError("two of firmware's pins are the same; give each its own")

    @property
    def pins(self) -> tuple[str, ...]:
        """Of the inputs and the LED, named or empty."""
        return (self.capture_pin, self.freeze_pin, self.pedal_pin, self.shutdown_pin, self.led_pin)
