"""Notes for the next start that cannot be read, and sticks that are pulled or hold rubbish."""

import os
from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.apps.config.load_settings import load_settings
from appliance.apps.station.fleet.job_stick import ENDING, JobStick
from appliance.apps.station.fleet.wiping import wipe_if_asked
from appliance.apps.station.restoring import restore_if_asked
from appliance.domain.errors import StoreError
from appliance.fleet.job_book import JobBook
from appliance.fleet.jobs import SignedJob
from appliance.storage.memory_fleet_notes import MemoryFleetNotes
from appliance.storage.settings import StorageSettings

NOON = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
UNREADABLE = [b"", b'{"database": "/a', b"[" * 100_000, b"\xff\xfe", b"[]", b'{"database": 5, "files": 6, "actor": 7}']


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_restore_that_cannot_be_read_is_set_aside_and_the_box_starts(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "restore.json").write_bytes(content)

    reason = restore_if_asked(tmp_path, StorageSettings(tmp_path / "exams"), NOON)

    assert "cannot be read" in reason
    assert restore_if_asked(tmp_path, StorageSettings(tmp_path / "exams"), NOON) == ""
    assert (tmp_path / "restore.json.unread").read_bytes() == content


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_wipe_that_cannot_be_read_is_refused_with_both_ways_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wipe.json").write_bytes(content)
    (tmp_path / "kept").touch()
    site = tmp_path / "site.toml"
    site.touch()
    settings = load_settings(site, {"station.data_dir": tmp_path}).settings

    with pytest.raises(StoreError, match="Remove the file to keep what is on the box"):
        wipe_if_asked(settings, "boot", NOON)
    assert (tmp_path / "kept").exists()


class RefusingNotes(MemoryFleetNotes):
    """A disk that is full for the first job."""

    is_full = True

    def keep_note(self, name: str, document: object) -> None:
        if self.is_full:
            raise StoreError("the disk is full", "Free some space.")
        super().keep_note(name, document)


def test_a_stick_with_rubbish_or_a_full_disk_is_read_again(tmp_path: Path, signed_job: SignedJob) -> None:
    (tmp_path / f"0{ENDING}").symlink_to("nowhere")
    os.mkfifo(tmp_path / f"1{ENDING}")
    (tmp_path / f"2{ENDING}").write_bytes(b"[" * 100_000)
    (tmp_path / f"3{ENDING}").mkdir()
    (tmp_path / f"4{ENDING}").write_bytes(signed_job.payload())
    notes = RefusingNotes()
    book = JobBook(notes, "boot", lambda _: "", {"restart": ("restart",)}, lambda: NOON)
    stick = JobStick(tmp_path, book)
    with pytest.raises(StoreError):
        stick.look()
    notes.is_full = False

    stick.look()

    assert book.record(signed_job.job.job_id) is not None


@pytest.fixture
def signed_job() -> SignedJob:
    document = {
        "schema": "nailfold.signed-job/1",
        "site": "clinic-1",
        "box": "box-7",
        "job": {
            "schema": "nailfold.job/1",
            "job_id": "j1",
            "version": 1,
            "kind": "restart",
            "parameters": {},
            "steps": [{"name": "restart", "timeout_s": 5.0}],
            "ts": "2026-12-01T12:00:00.000Z",
        },
        "key_id": "0" * 16,
        "signature": "",
    }
    return SignedJob.model_validate(document)
