"""The firmware, joined: reading `Firmware.__init__` shows what hands what to whom."""

import logging
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from firmware.buttons import Buttons
from firmware.errors import FirmwareError
from firmware.feeding import Feeding
from firmware.lamp import SIGNAL_OF, Signal, StatusLamp
from firmware.let_go import let_go
from firmware.open_board import OpenBoard
from firmware.protocol import Action, BoardState, Button, ButtonEvent, Goodbye, Phase, SetLight, Simulate, StationStatus
from firmware.sensors import fans_rpm, temperatures_c
from firmware.server import FromStation, StationSocket
from firmware.settings import FirmwareSettings
from firmware.shutdown import ask_for_power_off
from firmware.watchdog_feeder import WatchdogFeeder

_log = logging.getLogger(__name__)
_EVERY_S = 1.0
_UNHEARD_S = 3.0
_TURNS_WITHIN_S = 10.0


class Firmware:
    """Buttons, lamp, light, sensors and watchdog of one board, and the socket to the station. Started once."""

    def __init__(self, board: OpenBoard, settings: FirmwareSettings, software: str, sysfs: Path = Path("/sys")) -> None:
        self._board, self._settings, self._sysfs = board, settings, sysfs
        self._feeding = Feeding(settings.stalled_after_s, settings.start_limit_s, time.monotonic())
        self._socket = StationSocket(settings.socket, software, self._came, self._heard, self._went)
        self._watched = WatchdogFeeder(settings.watchdog, settings.watchdog_timeout_s, self._feeding)
        self._lamp = None if board.lamp is None else StatusLamp(board.lamp)
        held = {Button.FREEZE: settings.finish_hold_s, Button.SHUTDOWN: settings.shutdown_hold_s}
        self._buttons = Buttons(board.contacts, settings.bounce_s, held, self._pressed)
        self._phase = Phase.STARTING
        self._unheard_until_s = 0.0
        self._turned_at_s = time.monotonic()
        self._changed = threading.Event()
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="firmware", daemon=True)

    def start(self) -> None:
        """Returns at once; a station can connect.

        Raises:
            FirmwareError: the socket cannot be made, or the watchdog that the settings name is not there.
        """
        with ExitStack() as undo:
            self._socket.start()
            undo.callback(self._socket.stop)
            # Last of what can fail: one that is opened and never fed restarts the computer.
            self._watched.start()
            undo.pop_all()
        if self._lamp is not None:
            self._lamp.start()
        self._buttons.start()
        self._thread.start()

    def stop(self) -> None:
        """In order: the lamp and the light are dark, the watchdog is off. Calling it twice is harmless."""
        if self._is_stopping.is_set():
            return
        self._is_stopping.set()
        self._changed.set()
        self._buttons.stop()
        if self._thread.ident is not None:
            self._thread.join()
        let_go("the socket", self._socket.stop)
        if self._lamp is not None:
            let_go("the status LED", self._lamp.stop)
        if self._board.light is not None:
            let_go("the ring light", self._board.light.close)
        let_go("the board", self._board.release)
        let_go("the watchdog", self._watched.close)

    @property
    def state(self) -> BoardState:
        """The board as it is now."""
        light = self._board.light
        return BoardState(
            board=self._board.name[:100],
            model=self._board.model[:200],
            is_simulated=self._board.is_simulated,
            problem="; ".join(filter(None, (self._board.problem, self._buttons.problem)))[:500],
            buttons=tuple(self._board.contacts),
            pressed=self._buttons.pressed,
            lamp="" if self._lamp is None else self._lamp.signal.value,
            light_level=None if light is None else light.level,
            temperatures_c=temperatures_c(self._sysfs),
            fans_rpm=fans_rpm(self._sysfs),
            watchdog=self._watched.state,
        )

    @property
    def is_working(self) -> bool:
        """Whether the firmware's own thread still turns; for systemd's watchdog."""
        return time.monotonic() - self._turned_at_s < _TURNS_WITHIN_S

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            self._turned_at_s = time.monotonic()
            self._watched.feed_if_due()
            self._show_signal()
            self._socket.send(self.state)
            self._changed.wait(_EVERY_S)
            self._changed.clear()

    def _pressed(self, event: ButtonEvent) -> None:
        is_heard = self._socket.send(event)
        if not is_heard and event.action is Action.PRESSED and event.button is not Button.SHUTDOWN:
            self._unheard_until_s = time.monotonic() + _UNHEARD_S
        if (event.button, event.action) == (Button.SHUTDOWN, Action.HELD):
            ask_for_power_off(self._settings.shutdown_file)
        self._changed.set()

    def _came(self) -> None:
        self._feeding.came(time.monotonic())
        self._phase = Phase.STARTING
        self._changed.set()

    def _heard(self, message: FromStation) -> None:
        match message:
            case StationStatus():
                self._feeding.progressed(message.progress, time.monotonic())
                self._phase = message.phase
            case SetLight():
                self._set_light(message.level)
            case Simulate():
                if self._board.press is None:
                    raise FirmwareError("this board is real", "Press its buttons.")
                self._board.press(message.button, message.is_pressed)
            case Goodbye():
                self._feeding.left()
        self._changed.set()

    def _went(self) -> None:
        self._feeding.went(time.monotonic())
        self._phase = Phase.STARTING
        self._changed.set()

    def _set_light(self, level: float) -> None:
        if self._board.light is None:
            raise FirmwareError("this board has no ring light", "Set firmware.light_pwm where there is one.")
        self._board.light.set(level)

    def _show_signal(self) -> None:
        if self._lamp is not None:
            self._lamp.show(self._signal())

    def _signal(self) -> Signal:
        if Button.SHUTDOWN in self._buttons.pressed:
            return Signal.CONFIRM
        if time.monotonic() < self._unheard_until_s:
            return Signal.UNHEARD
        return Signal.FAULT if self._feeding.reason_against(time.monotonic()) else SIGNAL_OF[self._phase]
