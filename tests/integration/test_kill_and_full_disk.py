"""A box that loses power at every step, and one whose disk fills up."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance import schemas
from appliance.domain.exam import ExamState
from appliance.transport.send_window import MOST_IN_FLIGHT
from tests.support import exam_box
from tests.support.broker import Broker, mosquitto_binary
from tests.support.exam_harness import BOX, SITE, ExamHarness, mqtt_settings
from tests.support.subscriber import Arrival, Subscriber

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")

RESULTS = f"nailfold/v1/{SITE}/{BOX}/results/+"
REPOSITORY = Path(exam_box.__file__).parents[2]


def box_command(folder: Path, port: int, exams: int, fault: str = "") -> list[str]:
    return [sys.executable, exam_box.__file__, str(folder), str(port), str(exams), *([fault] if fault else [])]


def run_box(folder: Path, port: int, exams: int, fault: str = "") -> int:
    """The exit status; -9 after a kill."""
    return subprocess.run(
        box_command(folder, port, exams, fault), check=False, timeout=60, capture_output=True
    ).returncode


def require_consistent(folder: Path, arrivals: list[Arrival], exams: int) -> None:
    """Nothing lost, nothing twice under two names, every still whole, no leftovers."""
    with ExamHarness(folder, mqtt_settings(1)) as harness:
        store = harness.storage.exams
        finished = {exam.exam_id for exam in store.exams(limit=1000) if exam.state is ExamState.FINISHED}
        rows = harness.storage.database.rows("look", "SELECT seq, msg_id, exam_id FROM outbox ORDER BY seq")
        for exam_id in finished:
            for image in store.exam(exam_id).images:
                store.read_png(exam_id, image.image_id)
        check = harness.storage.database.rows("check", "PRAGMA integrity_check")
        entries, chain = harness.storage.journal.entries(), harness.storage.journal.verify()
    assert len(finished) == exams
    assert check[0][0] == "ok"
    assert chain.is_intact
    noted = [entry.subject for entry in entries if entry.action == "exam.finished"]
    assert sorted(noted) == sorted(f"exam:{exam_id}" for exam_id in finished)
    assert [row["seq"] for row in rows] == list(range(1, exams + 1))
    queued = {row["exam_id"]: row["msg_id"] for row in rows}
    received = {(arrival.document["exam_id"], arrival.document["msg_id"]) for arrival in arrivals}
    assert received == set(queued.items())
    assert {exam_id for exam_id, _ in received} == finished
    for arrival in arrivals:
        schemas.validate("nailfold.exam-1", arrival.document)
    stills = {path.name for path in (folder / "images").glob("*/*")}
    known = {entry["result"]["file"] for arrival in arrivals for entry in arrival.document["images"]}
    assert stills == known


def test_power_cut_with_the_broker_down_then_both_back_delivers_exactly_one_message(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    broker = Broker(tmp_path / "broker")
    with broker:
        subscriber = Subscriber(broker.port, RESULTS)
    box = subprocess.Popen(box_command(folder, broker.port, 1), stdout=subprocess.PIPE)
    assert box.stdout is not None
    assert box.stdout.readline() == b"examined\n"
    time.sleep(0.5)  # it tries to connect, in vain
    assert box.poll() is None
    box.send_signal(signal.SIGKILL)
    box.wait()
    box.stdout.close()
    with broker:
        assert run_box(folder, broker.port, 1) == 0
        arrivals = subscriber.collect(quiet_s=2)
    assert len(arrivals) == 1
    require_consistent(folder, arrivals, exams=1)


def test_power_cut_at_every_step_loses_nothing_and_never_renames_a_message(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    with Broker(tmp_path / "broker") as broker:
        subscriber = Subscriber(broker.port, RESULTS)
        for number, fault in enumerate(exam_box.FAULTS, start=1):
            assert run_box(folder, broker.port, number, fault) == -signal.SIGKILL, fault
        assert run_box(folder, broker.port, len(exam_box.FAULTS)) == 0
        arrivals = subscriber.collect(at_least=len(exam_box.FAULTS) + 1)
    require_consistent(folder, arrivals, exams=len(exam_box.FAULTS))
    # Doubles that no outbox can avoid: handed over, and killed before the answer was written down. At each kill that
    # may be every message that was in flight, under the id that it has.
    doubles = len(arrivals) - len(exam_box.FAULTS)
    assert 1 <= doubles <= sum(range(1, len(exam_box.FAULTS) + 1))


def test_power_cuts_at_random_times_lose_nothing(tmp_path: Path) -> None:
    folder, seed = tmp_path / "box", random.randrange(1_000_000)
    chance, kills, exams = random.Random(seed), 0, 400
    with Broker(tmp_path / "broker", ["max_queued_messages 0"]) as broker:
        subscriber = Subscriber(broker.port, RESULTS)
        for _ in range(6):
            box = subprocess.Popen(box_command(folder, broker.port, exams), stdout=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.7, 1.8))
            kills += box.poll() is None
            box.send_signal(signal.SIGKILL)
            box.wait()
        with ExamHarness(folder, mqtt_settings(1)) as harness:
            done = exam_box.finished_exams(harness) + 1
        assert run_box(folder, broker.port, done) == 0
        arrivals = subscriber.collect(at_least=done)
    assert kills >= 3, f"seed {seed}"
    assert len(arrivals) <= done + kills * MOST_IN_FLIGHT, f"more doubles than were in flight, seed {seed}"
    require_consistent(folder, arrivals, exams=done)


FILL_AND_FREE = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from appliance.domain.errors import StoreError
from appliance.domain.exam import ExamStart
from tests.support.exam_harness import ExamHarness, mqtt_settings

root, told = Path(sys.argv[2]), {}
with ExamHarness(root / "box", mqtt_settings(1)) as harness:
    harness.examine()
    harness.session.start("NC-1", ExamStart("ana"))
    harness.session.capture()
    before = harness.storage.exams.open_exam()
    ballast = (root / "ballast").open("wb", buffering=0)
    for size in (65536, 4096, 512, 1):
        try:
            while True:
                ballast.write(b"x" * size)
        except OSError:
            pass
    for verb, words in (("capture", ()), ("finish", ("ana",))):
        try:
            getattr(harness.session, verb)(*words)
        except StoreError as error:
            told[verb] = str(error)
    told["free_while_full"] = os.statvfs(root).f_bavail
    told["intact"] = harness.storage.exams.open_exam() == before
    told["snapshot_intact"] = harness.session.snapshot().exam == before
    told["leftovers"] = [path.name for path in (root / "box").rglob("*.part")]
    ballast.close()
    (root / "ballast").unlink()
    harness.session.capture()
    told["images"] = len(harness.session.finish("ana").images)
    told["pending"] = harness.storage.outbox.status().pending
with ExamHarness(root / "box", mqtt_settings(1)) as harness:
    exams = harness.storage.exams
    told["kept_after_restart"] = [len(exams.exam(one.exam_id).images) for one in exams.exams()]
print(json.dumps(told))
"""


def test_full_disk_refuses_with_the_remedy_keeps_all_and_works_again_after_space_is_freed(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    script = tmp_path / "fill.py"
    script.write_text(FILL_AND_FREE)
    # A real file system of 1 MB in a mount namespace of its own; as root or with user namespaces.
    inside = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3" "$4" "$1"'
    command = ["unshare", "-rm", "sh", "-c", inside, "sh", str(mount), sys.executable, str(script), str(REPOSITORY)]
    if subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", str(mount)], check=False, capture_output=True
    ).returncode:
        pytest.skip("this computer forbids mounting a small file system (unshare -rm)")
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["free_while_full"] == 0
    assert "is full. Free some space" in told["capture"]
    assert "could not finish the exam" in told["finish"]
    assert "is full. Free some space" in told["finish"]
    assert told["intact"]
    assert told["snapshot_intact"]
    assert told["leftovers"] == []
    assert (told["images"], told["pending"], told["kept_after_restart"]) == (2, 2, [2, 2])


LIMIT_FILES = """
import json, resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from appliance.domain.errors import StoreError
from appliance.domain.exam import ExamStart
from tests.support.exam_harness import ExamHarness, mqtt_settings

told = {}
with ExamHarness(Path(sys.argv[2]), mqtt_settings(1)) as harness:
    harness.session.start("NC-1", ExamStart("ana"))
    harness.session.capture()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    for verb, words in (("capture", ()), ("finish", ("ana",))):
        try:
            getattr(harness.session, verb)(*words)
        except StoreError as error:
            told[verb] = str(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    harness.session.capture()
    told["images"] = len(harness.session.finish("ana").images)
print(json.dumps(told))
"""


def test_write_refused_by_a_quota_is_told_and_survived(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LIMIT_FILES, str(REPOSITORY), str(tmp_path / "box")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert "is full. Free some space" in told["capture"]
    assert "could not finish the exam" in told["finish"]
    assert told["images"] == 2
