"""USB cameras against real kernel drivers, in a virtual machine."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from vm import GuestRun, NoVirtualMachine, run_in_guest

_PYTEST = ("-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(240)]


def run_tests_in_guest(modules: tuple[str, ...], *arguments: str) -> GuestRun:
    try:
        return run_in_guest((*_PYTEST, *arguments), modules, timeout_s=200)
    except NoVirtualMachine as reason:
        pytest.skip(str(reason))


def test_the_kernels_video_driver_streams_and_survives_unplugging() -> None:
    run = run_tests_in_guest(
        ("vivid",),
        *("tests/hardware/guest_vivid.py", "tests/contract/test_video_source.py", "-k", "guest_vivid or v4l2"),
    )
    assert run.status == 0, run.output
    assert " passed" in run.output
    assert "[v4l2]" in run.output or "19 passed" in run.output, run.output
