"""The station's end of the firmware's socket: button events in, the station's state out."""

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.domain.box_board import BoxBoard
from appliance.domain.errors import BoardError
from firmware.connection import Connection
from firmware.protocol import (
    FROM_FIRMWARE,
    BoardState,
    Button,
    ButtonEvent,
    Goodbye,
    Hello,
    ProtocolError,
    Refused,
    SetLight,
    Simulate,
    StationStatus,
    require_same_version,
)
from firmware.unix_address import short_address

_log = logging.getLogger(__name__)
_AGAIN_AFTER_S = 1.0
FromFirmware = Hello | Refused | ButtonEvent | BoardState


class BoardClient:
    """Connects, and after every loss again, until it is stopped. Started once; safe for calls from any thread.

    Nothing is kept for a firmware that is away: states come again by themselves.

    Args:
        path: of the firmware's socket.
        software: as the firmware's log names this side.
        act: called with every button event, on the client's thread.
    """

    def __init__(self, path: Path, software: str, act: Callable[[ButtonEvent], None]) -> None:
        self._path, self._software, self._act = path, software, act
        self._connection: Connection[FromFirmware] | None = None
        self._state = BoxBoard(is_connected=False, reason=f"no firmware answers on {path}")
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)

    @property
    def state(self) -> BoxBoard:
        return self._state

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Say goodbye, so that the silence is no fault; harmless where it was not started."""
        self._is_stopping.set()
        if (connection := self._connection) is not None:
            self.tell(Goodbye())
            connection.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def tell(self, message: StationStatus | Goodbye | SetLight | Simulate) -> bool:
        """Whether the firmware was there to take it."""
        connection = self._connection
        if connection is None:
            return False
        try:
            connection.send(message)
        except OSError:
            return False
        return True

    def set_light(self, level: float) -> None:
        """As `ports.Board`."""
        if self.state.light_level is None:
            raise self._cannot("the box has no ring light that can be set")
        self._tell_or_raise(SetLight(level=level))

    def press(self, button: str, is_pressed: bool) -> None:
        """As `ports.Board`."""
        if not self.state.is_simulated:
            raise self._cannot("the box's buttons are pressed by hand")
        self._tell_or_raise(Simulate(button=Button(button), is_pressed=is_pressed))

    def _tell_or_raise(self, message: SetLight | Simulate) -> None:
        if not self.tell(message):
            raise self._cannot("the firmware does not answer")

    def _cannot(self, message: str) -> BoardError:
        return BoardError(message, self._state.reason)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                with short_address(self._path) as address:
                    connection = _connected(address)
            except OSError as error:
                self._lost(f"no firmware answers on {self._path}: {error.strerror}")
            else:
                self._converse(connection)
            self._is_stopping.wait(_AGAIN_AFTER_S)

    def _converse(self, connection: Connection[FromFirmware]) -> None:
        reason = "the firmware has closed the connection; it is tried again"
        try:
            connection.send(Hello(software=self._software))
            require_same_version(connection.receive())
            self._connection = connection
            while True:
                self._take(connection.receive())
        except ProtocolError as error:
            reason = str(error)
        except OSError:
            pass  # the loss itself is in `reason`
        finally:
            self._connection = None
            connection.close()
            if not self._is_stopping.is_set():
                self._lost(reason)

    def _take(self, message: FromFirmware) -> None:
        match message:
            case ButtonEvent():
                self._act(message)
            case BoardState():
                if not self._state.is_connected:
                    _log.info("board %s connected: %s", message.board, message.problem or "all is there")
                self._state = _as_seen(message)
            case Refused():
                _log.warning("the firmware refused: %s", message.reason)

    def _lost(self, reason: str) -> None:
        if self._state.is_connected or reason != self._state.reason:
            _log.warning("no buttons, lamp or light: %s", reason)
        self._state = replace(self._state, is_connected=False, reason=reason)


def _connected(address: str) -> Connection[FromFirmware]:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.connect(address)
    except OSError:
        line.close()
        raise
    return Connection(line, FROM_FIRMWARE)


def _as_seen(state: BoardState) -> BoxBoard:
    return BoxBoard(
        is_connected=True,
        reason=state.problem,
        name=state.board,
        model=state.model,
        is_simulated=state.is_simulated,
        buttons=tuple(button.value for button in state.buttons),
        pressed=tuple(button.value for button in state.pressed),
        lamp=state.lamp,
        light_level=state.light_level,
        temperatures_c=state.temperatures_c,
        fans_rpm=state.fans_rpm,
        watchdog=state.watchdog.device,
        watchdog_reason=state.watchdog.reason,
    )
