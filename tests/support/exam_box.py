"""A box in a process of its own, which can be killed at a chosen step.

`python tests/support/exam_box.py FOLDER PORT EXAMS [FAULT [USER PASSWORD_FILE]]` examines until EXAMS exams
are finished in FOLDER, waits until the broker has all of them, prints "done" and ends. With a FAULT that is not empty
it ends itself with kill -9 at that step.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.domain.exam import ExamState
from appliance.domain.journal import JournalEntry
from appliance.storage import image_files
from tests.support.exam_harness import ExamHarness, mqtt_settings

FAULTS = (
    "while_writing_the_still",
    "after_writing_the_still",
    "before_committing_the_capture",
    "after_committing_the_capture",
    "between_the_exam_and_its_entry_in_the_journal",
    "before_committing_the_exam",
    "after_committing_the_exam",
    "before_publishing",
    "after_publishing",
    "after_the_acknowledgement",
)


def die(*_: object) -> None:
    """What a power cut does to a process."""
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(owner: Any, name: str, before: Callable[..., None] | None, after: Callable[..., None] | None) -> None:
    """Put a step before or after a method."""
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        if before is not None:
            before(*arguments)
        result = original(*arguments, **named)
        if after is not None:
            after(*arguments)
        return result

    setattr(owner, name, wrapped)


def arm(harness: ExamHarness, fault: str) -> None:
    """Make the harness's process die at that step."""
    exams, outbox = harness.storage.exams, harness.storage.outbox

    def die_at_commit(*_: object) -> None:
        # SQLite tells each statement before it runs.
        harness.storage.database._connection.set_trace_callback(lambda sql: die() if sql == "COMMIT" else None)

    def die_if_finished(entry: JournalEntry) -> None:
        if entry.action == "exam.finished":
            die()

    steps: dict[str, Callable[[], None]] = {
        "while_writing_the_still": lambda: wrap(image_files, "_write_through", None, die),
        "after_writing_the_still": lambda: wrap(exams._files, "write", None, die),
        "before_committing_the_capture": lambda: wrap(exams, "add_image", die_at_commit, None),
        "after_committing_the_capture": lambda: wrap(exams, "add_image", None, die),
        "before_committing_the_exam": lambda: wrap(exams, "finish_exam", die_at_commit, None),
        "between_the_exam_and_its_entry_in_the_journal": lambda: wrap(exams, "finish_exam", None, die),
        # The head file is written when everything is on the disk.
        "after_committing_the_exam": lambda: wrap(harness.storage.journal, "remember", die_if_finished, None),
        "before_publishing": lambda: wrap(outbox, "mark_sent", None, die),
        "after_publishing": lambda: wrap(outbox, "mark_acknowledged", die, None),
        "after_the_acknowledgement": lambda: wrap(outbox, "mark_acknowledged", None, die),
    }
    steps[fault]()


def finished_exams(harness: ExamHarness) -> int:
    """How many exams the store calls finished."""
    return sum(exam.state is ExamState.FINISHED for exam in harness.storage.exams.exams(limit=1000))


def main(folder: Path, port: int, exams: int, fault: str = "", username: str = "", password_file: str = "") -> None:
    login = {"username": username, "password_file": Path(password_file)} if username else {}
    with ExamHarness(folder, mqtt_settings(port, **login), resend_after_s=0.4) as harness:
        if fault:
            arm(harness, fault)
        harness.publisher.start()
        while finished_exams(harness) < exams:
            harness.examine()
        sys.stdout.write("examined\n")
        sys.stdout.flush()
        while (status := harness.storage.outbox.status()).pending + status.sent:
            time.sleep(0.02)
        sys.stdout.write("done\n")


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
