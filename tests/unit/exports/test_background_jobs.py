"""Long work in the background: one after the other, told how far it is, cancelled, found again."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from appliance.domain.errors import ExportError, NotKeptError
from appliance.exports.background_jobs import MOST_KEPT, BackgroundJob, BackgroundJobs, BackgroundState
from appliance.exports.export_service import ExportedFile
from appliance.exports.progress import JobCancelledError, Progress, WithProgress
from appliance.exports.report.pdf import html_to_pdf
from tests.support.exam_parts import SystemClock

PDF = ExportedFile("report.pdf", "application/pdf")
ME, OTHER = "p.klein", "ana.ruiz"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[BackgroundJobs]:
    made = BackgroundJobs(tmp_path / "made", SystemClock().now_utc)
    made.start()
    yield made
    made.stop()


def wait_for(jobs: BackgroundJobs, job: BackgroundJob, *states: BackgroundState) -> BackgroundJob:
    for _ in range(500):
        found = jobs.job(job.job_id, ME)
        if found.state in states:
            return found
        time.sleep(0.01)
    raise AssertionError(f"the job is {found.state}")


def write(file: BinaryIO, progress: Progress) -> ExportedFile:
    file.write(b"%PDF")
    return PDF


class Held:
    """Work that goes on until it is let go or cancelled."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.was_cancelled = False

    def __call__(self, file: BinaryIO, progress: Progress) -> ExportedFile:
        file.write(b"half")
        try:
            while not self.go_on.wait(0.01):
                progress(1, 4)
        except JobCancelledError:
            self.was_cancelled = True
            raise
        return PDF


def test_result_is_found_again_by_who_asked_and_by_nobody_else(jobs: BackgroundJobs) -> None:
    job = wait_for(jobs, jobs.add("report", "NC-1", ME, write), BackgroundState.DONE)
    assert (job.file, job.size) == (PDF, 4)
    with jobs.open(job.job_id, ME) as file:
        assert file.read() == b"%PDF"
    assert jobs.jobs(ME) == (job,)
    assert jobs.jobs(OTHER) == ()
    with pytest.raises(NotKeptError):
        jobs.open(job.job_id, OTHER)


def test_jobs_are_done_one_after_the_other_and_say_how_far_they_are(jobs: BackgroundJobs) -> None:
    held = Held()
    first, second = jobs.add("zip", "5 exams", ME, held), jobs.add("report", "NC-1", ME, write)
    wait_for(jobs, first, BackgroundState.RUNNING)
    for _ in range(100):
        if jobs.job(first.job_id, ME).total:
            break
        time.sleep(0.01)
    assert (jobs.job(first.job_id, ME).done, jobs.job(first.job_id, ME).total) == (1, 4)
    assert jobs.job(second.job_id, ME).state is BackgroundState.WAITING
    held.go_on.set()
    wait_for(jobs, second, BackgroundState.DONE)
    assert [job.job_id for job in jobs.jobs(ME)] == [second.job_id, first.job_id]


def test_cancelled_job_stops_and_leaves_no_file(jobs: BackgroundJobs, tmp_path: Path) -> None:
    held = Held()
    running, waiting = jobs.add("zip", "5 exams", ME, held), jobs.add("csv", "NC-1", ME, write)
    wait_for(jobs, running, BackgroundState.RUNNING)
    for job in (waiting, running):
        assert jobs.cancel(job.job_id, ME).state is BackgroundState.CANCELLED
    after = wait_for(jobs, jobs.add("report", "NC-1", ME, write), BackgroundState.DONE)
    assert held.was_cancelled
    assert [path.name for path in (tmp_path / "made").iterdir()] == [after.job_id]


def test_failure_says_why_and_the_next_job_is_done(jobs: BackgroundJobs) -> None:
    def refuse(file: BinaryIO, progress: Progress) -> ExportedFile:
        raise ExportError("exam 1 is open", "Finish it first.")

    def fault(file: BinaryIO, progress: Progress) -> ExportedFile:
        raise ZeroDivisionError

    failed = wait_for(jobs, jobs.add("zip", "NC-1", ME, refuse), BackgroundState.FAILED)
    assert (failed.message, failed.remedy) == ("exam 1 is open", "Finish it first.")
    assert "fault of the software" in wait_for(jobs, jobs.add("zip", "NC-1", ME, fault), BackgroundState.FAILED).message
    wait_for(jobs, jobs.add("report", "NC-1", ME, write), BackgroundState.DONE)


def test_old_results_go_and_cleared_ones_at_once(jobs: BackgroundJobs, tmp_path: Path) -> None:
    made = [jobs.add("csv", str(number), ME, write) for number in range(MOST_KEPT + 3)]
    wait_for(jobs, made[-1], BackgroundState.DONE)
    assert [job.subject for job in jobs.jobs(ME)][-1] == "3"
    jobs.clear(made[-1].job_id, ME)
    assert len(list((tmp_path / "made").iterdir())) == MOST_KEPT - 1


def test_results_of_before_a_restart_are_gone(jobs: BackgroundJobs, tmp_path: Path) -> None:
    wait_for(jobs, jobs.add("report", "NC-1", ME, write), BackgroundState.DONE)
    BackgroundJobs(tmp_path / "made", SystemClock().now_utc)
    assert not (tmp_path / "made").exists()


def test_sequence_tells_how_far_a_reader_is() -> None:
    told: list[tuple[int, int]] = []

    class Telling:
        is_cancelled = False

        def __call__(self, done: int, total: int) -> None:
            told.append((done, total))

    items = WithProgress("abc", Telling())
    assert (list(items), items[1], items[1:], len(items)) == (["a", "b", "c"], "b", "bc", 3)
    assert told == [(0, 3), (1, 3), (2, 3)]


def test_pages_that_nobody_waits_for_are_given_up() -> None:
    class Gone:
        is_cancelled = True

        def __call__(self, done: int, total: int) -> None: ...

    with pytest.raises(JobCancelledError):
        html_to_pdf("<p>" + "word " * 400_000, Gone())
