"""What feeds the watchdogs moves with the part it stands for, and stands still with it."""

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from appliance.apps.station.heartbeat import Heartbeat
from appliance.apps.station.vitals import Frames, Probe, Vitals, store_answers, web_answers
from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.domain.errors import StoreError
from appliance.domain.exam import Exam
from appliance.storage.memory_store import MemoryExamStore
from firmware.protocol import Phase, ProgressCounters, StationStatus

LIVE = CameraState(CameraPhase.LIVE, None, "", 1, 0, 30.0)


def await_so(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10.0
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def test_frames_count_only_while_the_engine_deals_with_new_ones() -> None:
    seen: list[int] = []
    frames = Frames(lambda: LIVE, lambda: seen[-1])
    counts = []
    for number in (1, 2, 2, 2, 3):
        seen.append(number)
        frames.look()
        counts.append(frames.count)
    assert counts == [1, 2, 2, 2, 3]


def counted(looks: list[tuple[int, float]]) -> list[int]:
    """The count after each look, given pictures dealt with and seconds computed by then."""
    now = [looks[0]]
    frames = Frames(lambda: LIVE, lambda: now[0][0], lambda: now[0][1])
    counts = []
    for look in looks:
        now[0] = look
        frames.look()
        counts.append(frames.count)
    return counts


def test_the_first_picture_of_a_slow_computer_may_take_as_long_as_it_is_computed() -> None:
    assert counted([(0, 0.0), (0, 60.0), (0, 120.0), (0, 899.0), (1, 950.0)]) == [1, 2, 3, 4, 5]


def test_a_first_picture_that_is_computed_for_ever_counts_as_hung() -> None:
    assert counted([(0, 0.0), (0, 899.0), (0, 901.0), (0, 1000.0)]) == [1, 2, 2, 2]


def test_a_thread_that_only_wakes_up_now_and_then_does_not_compute() -> None:
    assert counted([(0, 0.0), (0, 0.01), (0, 0.02), (0, 0.03)]) == [1, 1, 1, 1]


def test_a_later_picture_may_take_ten_times_the_slowest_before() -> None:
    assert counted([(0, 0.0), (1, 2.0), (2, 5.0), (2, 20.0), (2, 34.0), (2, 36.0)]) == [1, 2, 3, 4, 5, 5]


@pytest.mark.parametrize("phase", [CameraPhase.STARTING, CameraPhase.LOST, CameraPhase.ENDED])
def test_a_camera_that_is_away_is_no_reason_to_restart_the_box(phase: CameraPhase) -> None:
    frames = Frames(lambda: replace(LIVE, phase=phase), lambda: 7)
    for _ in range(3):
        frames.look()
    assert frames.count == 3


def test_a_probe_that_hangs_or_fails_stops_counting() -> None:
    goes_on, answers = threading.Event(), [True]
    goes_on.set()

    def attempt() -> bool:
        goes_on.wait()
        return answers[0]

    probe = Probe("probe", attempt, every_s=0.001)
    probe.start()
    await_so(lambda: probe.count > 3)
    answers[0] = False
    await_so(lambda: _stands_still(probe))
    answers[0] = True
    goes_on.clear()
    await_so(lambda: _stands_still(probe))
    goes_on.set()
    probe.stop(5.0)


def _stands_still(probe: Probe) -> bool:
    before = probe.count
    time.sleep(0.05)
    return probe.count == before


def test_a_store_that_answers_with_a_fault_has_answered(caplog: pytest.LogCaptureFixture) -> None:
    class Full(MemoryExamStore):
        def open_exam(self) -> Exam | None:
            raise StoreError("the disk is full", "Delete something.")

    assert store_answers(MemoryExamStore())
    assert store_answers(Full())
    assert "the disk is full" in caplog.text


class Alive(http.server.BaseHTTPRequestHandler):
    """Knows one page."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/alive" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Alive) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "[::]"])
def test_the_pages_are_asked_for_where_browsers_ask(port: int, host: str) -> None:
    assert web_answers(f"http://{host}:{port}")


def test_pages_that_nobody_serves_do_not_count() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert not web_answers(f"http://127.0.0.1:{free.getsockname()[1]}")


def test_all_three_move_together(port: int) -> None:
    vitals = Vitals(Frames(lambda: LIVE, time.monotonic_ns), MemoryExamStore(), lambda: f"http://127.0.0.1:{port}")
    vitals.start()
    await_so(lambda: min(vitals.look().model_dump().values()) > 0)
    vitals.stop(5.0)


def test_systemd_hears_of_it_only_while_all_three_move(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = str(tmp_path_factory.mktemp("n") / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(10.0)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        monkeypatch.setenv("WATCHDOG_USEC", "100000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        told: list[StationStatus] = []
        counts = [0]

        def look() -> ProgressCounters:
            counts[0] += 1
            return ProgressCounters(frames=counts[0], store=counts[0], web=1)

        heartbeat = Heartbeat(look, lambda: (Phase.LIVE, ""), told.append, stalled_after_s=1.5)
        heartbeat.start()
        assert systemd.recv(100) == b"WATCHDOG=1"
        await_so(lambda: len(told) >= 4)
        systemd.setblocking(False)
        while True:
            try:
                systemd.recv(100)
            except BlockingIOError:
                break
        beats = len(told)
        await_so(lambda: len(told) > beats)
        with pytest.raises(BlockingIOError):
            systemd.recv(100)
        heartbeat.stop(5.0)
    assert told[0].phase is Phase.LIVE
