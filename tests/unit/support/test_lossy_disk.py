"""A disk whose server has ended by itself is told from one whose power was cut."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.box.lossy_disk import LossyDisk


@pytest.fixture
def disk(tmp_path: Path) -> LossyDisk:
    """With two servers that only wait, in the place of nbdkit and nbdfuse."""
    disk = LossyDisk(tmp_path)
    for _ in range(2):
        disk._start("sleep", "60")
    return disk


def test_a_disk_that_works_is_alive_and_one_that_is_switched_off_is_no_fault(disk: LossyDisk) -> None:
    disk.require_alive()
    disk.cut()
    disk.clear()
    disk.require_alive()


def test_a_server_that_ended_by_itself_is_named(disk: LossyDisk) -> None:
    server: subprocess.Popen[bytes] = disk._servers[1]
    server.kill()
    server.wait()
    with pytest.raises(SystemExit, match="sleep of the disk has ended by itself: -9"):
        disk.require_alive()
    disk.clear()


def test_after_a_cut_nothing_of_it_is_left(disk: LossyDisk) -> None:
    servers = list(disk._servers)
    disk.cut()
    disk.clear()
    until_s = time.monotonic() + 10
    while any(server.poll() is None for server in servers):
        assert time.monotonic() < until_s
        time.sleep(0.01)
