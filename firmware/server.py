"""The socket on which the firmware waits for its station; one at a time."""

import contextlib
import logging
import os
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from firmware.connection import Connection
from firmware.errors import FirmwareError
from firmware.protocol import (
    FROM_STATION,
    Goodbye,
    Hello,
    Message,
    ProtocolError,
    Refused,
    SetLight,
    Simulate,
    StationStatus,
    require_same_version,
)
from firmware.unix_address import short_address

_log = logging.getLogger(__name__)
FromStation = Hello | StationStatus | SetLight | Simulate | Goodbye
_MODE = 0o660


class StationSocket:
    """Lets one station in after the other; a second one beside it is refused, with the reason.

    Args:
        path: of the socket; one that a dead firmware left is replaced.
        came, heard, went: called on the socket's threads; `heard` raises FirmwareError to refuse a message.
    """

    def __init__(
        self,
        path: Path,
        software: str,
        came: Callable[[], None],
        heard: Callable[[FromStation], None],
        went: Callable[[], None],
    ) -> None:
        self._path, self._software = path, software
        self._came, self._heard, self._went = came, heard, went
        self._guard = threading.Lock()
        self._station: Connection[FromStation] | None = None
        self._is_stopping = False
        self._bound: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="station-socket", daemon=True)

    @property
    def has_station(self) -> bool:
        return self._station is not None

    def start(self) -> None:
        """Raises FirmwareError if the socket cannot be made, or another firmware serves it."""
        self._bound = _bound(self._path)
        self._thread.start()

    def stop(self) -> None:
        """Harmless where it was not started."""
        if self._bound is None:
            return
        self._is_stopping = True
        self._bound.shutdown(socket.SHUT_RDWR)
        if (station := self._station) is not None:
            station.close()
        self._thread.join()
        self._bound.close()
        self._bound = None
        self._path.unlink(missing_ok=True)

    def send(self, message: Message) -> bool:
        """Whether the station was there to take it."""
        station = self._station
        if station is None:
            return False
        try:
            station.send(message)
        except OSError:
            return False
        return True

    def _run(self) -> None:
        assert self._bound is not None
        while not self._is_stopping:
            try:
                accepted, _ = self._bound.accept()
            except OSError:
                return  # stopped
            connection = Connection(accepted, FROM_STATION)
            threading.Thread(target=self._serve, args=(connection,), name="station", daemon=True).start()

    def _serve(self, connection: Connection[FromStation]) -> None:
        with contextlib.ExitStack() as leaving, contextlib.suppress(OSError):
            leaving.callback(connection.close)
            try:
                connection.send(Hello(software=self._software))
                require_same_version(connection.receive())
                if not self._took(connection):
                    connection.send(Refused(reason="another station is connected; stop it first"))
                    return
                leaving.callback(self._lost)
                self._came()
                self._converse(connection)
            except ProtocolError as error:
                _log.error("the station is refused: %s", error)
                connection.send(Refused(reason=str(error)[:500]))

    def _converse(self, connection: Connection[FromStation]) -> None:
        while True:
            message = connection.receive()
            try:
                self._heard(message)
            except ProtocolError:
                raise
            except FirmwareError as error:
                connection.send(Refused(reason=str(error)[:500]))

    def _took(self, connection: Connection[FromStation]) -> bool:
        with self._guard:
            if self._station is not None or self._is_stopping:
                return False
            self._station = connection
            return True

    def _lost(self) -> None:
        with self._guard:
            self._station = None
        self._went()


def _bound(path: Path) -> socket.socket:
    remedy = "Set firmware.socket to a place that this user may write."
    _remove_left_over(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with short_address(path) as address:
            bound.bind(address)
        os.chmod(path, _MODE)
        bound.listen(4)
    except OSError as error:
        bound.close()
        raise FirmwareError(f"the socket {path} cannot be made: {error}", remedy) from error
    return bound


def _remove_left_over(path: Path) -> None:
    """A socket that nobody serves any more; anything else in its place is left alone."""
    if not path.exists() or not stat.S_ISSOCK(path.lstat().st_mode):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            with short_address(path) as address:
                probe.connect(address)
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise FirmwareError(f"another firmware serves {path}", "Stop it first.")
