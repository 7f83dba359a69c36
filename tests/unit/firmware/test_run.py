"""`nailfold firmware` as systemd starts it: ready, alive, and gone in order."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.firmware_station import FirmwareStation

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.settimeout(30.0)
        yield made


def started(folder: Path, settings: str) -> subprocess.Popen[str]:
    site = folder / "site.toml"
    site.write_text(settings)
    return subprocess.Popen(
        [sys.executable, "-m", "appliance.apps.cli", "firmware", "--config", str(site)],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path]),
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": "200000",
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


def test_it_starts_without_a_look_into_the_stations_data(tmp_path: Path, systemd: socket.socket) -> None:
    """The packaged firmware's own user may not read that folder; a folder in the place of a file fails as surely."""
    for kept in ("engine-bundle.json", "fleet-settings.json"):
        (tmp_path / "data" / kept).mkdir(parents=True)
    data, board = f'[station]\ndata_dir = "{tmp_path}/data"\n', f'[firmware]\nsocket = "{tmp_path}/board.sock"\n'
    process = started(tmp_path, data + board)
    assert systemd.recv(1000).startswith(b"READY=1\n")
    assert ended(process)[0] == 0


def test_without_pins_it_is_ready_alive_and_says_what_is_missing(tmp_path: Path, systemd: socket.socket) -> None:
    process = started(tmp_path, f'[firmware]\nboard = "auto"\nsocket = "{tmp_path}/board.sock"\n')
    ready = systemd.recv(1000).decode()
    assert ready.startswith("READY=1\nSTATUS=board ")
    assert "no pins are named" in ready
    assert systemd.recv(1000) == b"WATCHDOG=1"
    with FirmwareStation(tmp_path / "board.sock") as station:
        assert "no pins are named" in station.await_state(lambda _: True).problem
    assert ended(process)[0] == 0
    assert not (tmp_path / "board.sock").exists()


@pytest.mark.parametrize("board", ["simulated", "none"])
def test_with_nothing_to_serve_it_stays_and_makes_no_socket(tmp_path: Path, systemd: socket.socket, board: str) -> None:
    process = started(tmp_path, f'[firmware]\nboard = "{board}"\nsocket = "{tmp_path}/none/board.sock"\n')
    assert f"nothing to serve: firmware.board is {board}" in systemd.recv(1000).decode()
    assert systemd.recv(1000) == b"WATCHDOG=1", "or systemd would kill it"
    assert ended(process)[0] == 0
    assert not (tmp_path / "none").exists()


def test_what_it_cannot_do_without_is_one_sentence(tmp_path: Path, systemd: socket.socket) -> None:
    process = started(tmp_path, f'[firmware]\nboard = "auto"\nsocket = "{tmp_path}/s"\nwatchdog = "none such"\n')
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.count("\n") == 1
    assert "no hardware watchdog is 'none such'" in errors
