"""A box struck at every write of an exam, an edit and a message.

strace counts the calls that change files and strikes at the first, then in the next process at the second, and so on
until a round is whole: nobody chose the places. Each kind of fault goes through all of them on one data folder with a
real broker beside it, so that a fault also meets what the ones before it have left:

- killed: kill -9 before the call, as when the process dies;
- full: the call answers that no space is left (ENOSPC);
- broken: it answers that the disk is failing (EIO).

Afterwards everything that was answered must be there, once, and whole.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.domain.exam import ExamState
from appliance.exam.review_log import review_subject
from tests.box.own_time import OwnTime, family
from tests.support.broker import Broker
from tests.support.exam_harness import BOX, SITE, ExamHarness, mqtt_settings
from tests.support.subscriber import Subscriber

REPOSITORY = Path(__file__).parents[2]
CALLS = "pwrite64,write,fsync,fdatasync,rename,renameat2,link,unlink,ftruncate,mkdir"
FAULTS = {"killed": "signal=SIGKILL", "full": "error=ENOSPC", "broken": "error=EIO"}
ROUND_S = 120
"""Of the box's own time: a busy computer, on which a round takes minutes, ends nothing."""


@dataclass
class Struck:
    """What one kind of fault led to.

    Attributes:
        strikes: processes that were struck.
        answered: acts that the box said were done, by kind: "finished", "edited", "validated".
        problems: what was found wrong afterwards.
    """

    strikes: int = 0
    answered: dict[str, list[str]] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def strike(fault: str, folder: Path, broker: Broker, most: int) -> Struck:
    """One process a call, each struck one call later, until a round is whole."""
    struck = Struck()
    for at in range(1, most + 1):
        inject = f"inject={CALLS}:{FAULTS[fault]}:when={at}"
        command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS}", "-e", inject]
        done = _round(folder, broker, struck, command)
        if done.returncode == 0 and fault == "killed":
            return struck
        struck.strikes += 1
        if done.returncode is None:
            struck.problems.append(f"call {at}: it hung for {ROUND_S} s of its own time, after {done.stdout[-80:]!r}")
        elif done.returncode not in (0, 1, -9, 137) or "Traceback" in done.stderr:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            struck.problems.append(f"call {at}: {last[:200]}")
    return struck


@dataclass(frozen=True)
class _Round:
    """How a process of the box ended, and what it said; `returncode` is None where it hung."""

    returncode: int | None
    stdout: str
    stderr: str


def _round(folder: Path, broker: Broker, struck: Struck, under: Sequence[str] = ()) -> _Round:
    """One process of the box, `under` a tracer or by itself, and what it answered."""
    command = [*under, sys.executable, "-B", "-m", "tests.chaos.box", str(folder), str(broker.port)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=out, stderr=err, start_new_session=True)
        own_time, has_hung = OwnTime(lambda: family(process.pid)), False
        while process.poll() is None:
            if has_hung := own_time() > ROUND_S:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                break
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
        out.seek(0)
        err.seek(0)
        said, complained = (stream.read().decode("utf-8", "replace") for stream in (out, err))
    _note(struck, said)
    return _Round(None if has_hung else process.returncode, said, complained)


def _note(struck: Struck, said: str) -> None:
    for line in said.splitlines():
        act, _, rest = line.partition(" ")
        if act == "refused":
            struck.refusals[rest.partition(":")[0][:80]] += 1
        elif rest:
            struck.answered.setdefault(act, []).append(rest)


def require_whole(folder: Path, subscriber: Subscriber, broker: Broker, struck: Struck) -> dict[str, int]:
    """The figures: what was answered and is not there, messages under two names, files and rows that do not fit."""
    left = _round(folder, broker, struck)
    if "done" not in left.stdout:
        struck.problems.append(f"the box does not work afterwards: {left.stdout[-200:]}{left.stderr[-200:]}")
    arrivals = subscriber.collect(quiet_s=2)
    with ExamHarness(folder, mqtt_settings(1)) as harness:
        store, journal = harness.storage.exams, harness.storage.journal
        exams = {exam.exam_id: exam for exam in store.exams(limit=100_000)}
        finished = {one for one, exam in exams.items() if exam.state is ExamState.FINISHED}
        for exam_id in finished:
            for image in store.exam(exam_id).images:
                store.read_png(exam_id, image.image_id)
        acts = {one: [entry.action for entry in journal.entries(review_subject(one))] for one in finished}
        rows = harness.storage.database.rows("look", "SELECT msg_id, exam_id FROM outbox")
        if not journal.verify().is_intact:
            struck.problems.append("the journal does not verify")
        if (said := harness.storage.database.rows("check", "PRAGMA integrity_check")[0][0]) != "ok":
            struck.problems.append(f"the database is damaged: {said}")
        known = {image.file_name for one in exams for image in store.exam(one).images}
    lost = [one for one in struck.answered.get("finished", ()) if one not in finished]
    unedited = [one for one in struck.answered.get("edited", ()) if "review.edited" not in acts.get(one, ())]
    unvalidated = [one for one in struck.answered.get("validated", ()) if "review.validated" not in acts.get(one, ())]
    queued = {row["msg_id"] for row in rows}
    of_exam = Counter(row["exam_id"] for row in rows)
    doubled = [one for one, count in of_exam.items() if count > 1 + acts.get(one, []).count("review.validated")]
    received = {arrival.document["msg_id"] for arrival in arrivals}
    leftovers = {path.name for path in (folder / "images").glob("*/*")} - known
    if leftovers:
        struck.problems.append(f"{len(leftovers)} files belong to no picture, such as {sorted(leftovers)[0]}")
    return {
        "exams": len(finished),
        "exams_lost": len(lost),
        "edits_lost": len(unedited),
        "validations_lost": len(unvalidated),
        "results_doubled": len(doubled),
        "results_not_received": len(queued - received),
    }


def struck_writes(most: int, faults: Sequence[str] = tuple(FAULTS)) -> dict[str, Any]:
    """All kinds of faults, each through the calls of a round, at most so many; {"skipped": why} without strace."""
    if shutil.which("strace") is None:
        return {"skipped": "strace is not there; install it: apt-get install strace"}
    by_fault: dict[str, Any] = {}
    totals: Counter[str] = Counter()
    for fault in faults:
        with tempfile.TemporaryDirectory(prefix="nailfold-chaos-") as scratch:
            began_s = time.monotonic()
            with Broker(Path(scratch) / "broker", ["max_queued_messages 0"]) as broker:
                subscriber = Subscriber(broker.port, f"nailfold/v1/{SITE}/{BOX}/results/+")
                struck = strike(fault, Path(scratch) / "box", broker, most)
                figures = require_whole(Path(scratch) / "box", subscriber, broker, struck)
            if fault == "killed":
                # A round that goes on after a refusal has no end of its own: as many calls as a whole one has.
                most = min(most, struck.strikes + 1)
            figures |= {"faults": struck.strikes, "problems": len(struck.problems)}
            totals.update(figures)
            by_fault[fault] = {
                **figures,
                "seconds": round(time.monotonic() - began_s, 1),
                "refusals": struck.refusals,
                "what": struck.problems[:20],
            }
            print(fault, json.dumps(by_fault[fault]), flush=True)
    return {**totals, "by_fault": by_fault}
