"""A plugged stick gets an encrypted copy by itself; its age is known when it lies in a drawer."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.apps.cli import main
from appliance.apps.station.copies import StationCopies
from appliance.apps.station.stick_copies import StickCopies
from appliance.domain.errors import StoreError
from appliance.storage import sealed_stream
from appliance.storage.full_copy import read_copy
from appliance.storage.open_storage import DATABASE_NAME, open_storage
from appliance.storage.settings import StorageSettings
from tests.support.cheap_passphrases import cheap_passphrases
from tests.support.exam_parts import HeldClock
from tests.support.kept_exam import keep_exam

WORDS = "four words of mine"


class Box:
    """A station's storage, its stick, and whether that is plugged in."""

    def __init__(self, folder: Path) -> None:
        self.stick = folder / "stick"
        self.stick.mkdir()
        (folder / "words").write_text(f"\ufeff{WORDS}\r\n", "utf-8")
        self.settings = StorageSettings(
            folder / "exams",
            reserve_mb=0,
            stick_folder=self.stick,
            stick_passphrase_file=folder / "words",
            stick_kept=2,
        )
        self.clock, self.is_plugged, self.is_busy = HeldClock(), True, False
        self.storage = open_storage(self.settings, self.clock.now_utc)
        self.copies = StickCopies(
            self.settings,
            StationCopies(self.settings, self.storage, folder, self.clock, lambda: False, lambda: None),
            folder / "stick-copies.json",
            lambda: self.is_busy,
            self.clock,
            lambda path: self.is_plugged and path == self.stick,
        )

    @property
    def on_stick(self) -> list[str]:
        return sorted(path.name for path in self.stick.iterdir())

    def later(self, hours: float) -> bool:
        self.clock.advance(hours * 3600)
        return self.copies.make_if_due()


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    cheap_passphrases(monkeypatch)
    return Box(tmp_path)


def test_a_copy_is_made_when_a_stick_is_there_and_opens_with_the_words(box: Box, tmp_path: Path) -> None:
    keep_exam(box.storage, "NC-0042")
    box.is_plugged = False
    assert not box.copies.make_if_due()
    state = box.copies.state()
    assert state is not None
    assert (state.is_there, state.newest, state.is_old) == (False, None, True)
    box.is_plugged = True
    assert box.copies.make_if_due()
    (name,) = box.on_stick
    (tmp_path / "opened").mkdir()
    with (box.stick / name).open("rb") as file:
        assert read_copy(file, WORDS, DATABASE_NAME, tmp_path / "opened") >= 1
    assert not box.later(23)
    assert box.later(2)
    assert [entry.action for entry in box.storage.journal.entries()].count("storage.copy_made") == 2


def test_the_age_is_known_when_the_stick_is_gone_and_warned_of_after_three_intervals(box: Box) -> None:
    assert box.copies.make_if_due()
    box.is_plugged = False
    assert not box.later(71)
    state = box.copies.state()
    assert state is not None
    assert state.newest is not None
    assert not state.is_old
    assert not box.later(2)
    assert box.copies.state() is not None
    assert box.copies.state().is_old  # type: ignore[union-attr]


def test_no_copy_is_made_during_an_exam_and_older_ones_make_room(box: Box) -> None:
    box.is_busy = True
    assert not box.copies.make_if_due()
    box.is_busy = False
    for _ in range(3):
        assert box.later(25)
    assert len(box.on_stick) == 2


@pytest.mark.parametrize("trouble", ["words", "changed", "read-only"])
def test_why_there_is_no_copy_is_said_and_the_older_one_stays(
    box: Box, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert box.copies.make_if_due()
    before = box.on_stick
    if trouble == "words":
        (box.stick.parent / "words").unlink()
    elif trouble == "changed":
        monkeypatch.setattr("appliance.apps.station.stick_copies.SealedReader", _refuses)
    else:
        monkeypatch.setattr(StationCopies, "write_copy", _cannot)
    assert not box.later(25)
    assert box.on_stick == before
    state = box.copies.state()
    assert state is not None
    assert state.problem
    assert state.newest is not None
    monkeypatch.undo()
    assert not box.later(0.5), "a stick that cannot be written is not worn out"


def _refuses(*_: object) -> sealed_stream.SealedReader:
    raise StoreError("the copy was changed or is cut off", "Copy the file again.")


def _cannot(*_: object) -> str:
    raise OSError(30, os.strerror(30))


def test_the_command_writes_what_the_page_writes(box: Box, tmp_path: Path) -> None:
    keep_exam(box.storage, "NC-0042")
    (tmp_path / "site.toml").write_text(f'[storage]\nfolder = "{box.settings.folder}"\n')
    common = ["--passphrase-file", str(tmp_path / "words"), "--config", str(tmp_path / "site.toml")]
    made = CliRunner().invoke(main, ["data", "copy", str(tmp_path / "a.sealed"), *common])
    assert made.exit_code == 0, made.output
    (tmp_path / "opened").mkdir()
    with (tmp_path / "a.sealed").open("rb") as file:
        read_copy(file, WORDS, DATABASE_NAME, tmp_path / "opened")
    keys = CliRunner().invoke(main, ["data", "copy", "--keys", str(tmp_path / "k.sealed"), *common])
    assert keys.exit_code == 0, keys.output
    assert "1 keys" in keys.output
    assert not list(tmp_path.glob(".*.part"))
    (tmp_path / "words").write_text("short")
    refused = CliRunner().invoke(main, ["data", "copy", str(tmp_path / "b.sealed"), *common])
    assert refused.exit_code != 0
    assert "5 characters" in refused.output
    assert not (tmp_path / "b.sealed").exists()
