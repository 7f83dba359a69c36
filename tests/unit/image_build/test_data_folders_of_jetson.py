"""Exams that move from a root onto the data partition of a Jetson, wherever the power is cut on the way."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.apps.station.data_check import read_data_check
from appliance.domain.box_settings import DataCheck

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/jetson/programs"))
import data_folders
from data_folders import FolderError, Places

OLD_ID, NEW_ID = "1" * 32, "2" * 32


@pytest.fixture(autouse=True)
def nothing_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this computer's own disk, which others write to; what would be flushed Disk counts."""
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)


class PowerCut(BaseException):
    """Nothing catches it."""


class Box:
    """A disk with two roots and a data partition, which are folders here."""

    def __init__(self, folder: Path) -> None:
        self.data, self.a, self.b = folder / "data", folder / "a", folder / "b"
        self._state = folder / "state"
        for root, name in ((self.a, OLD_ID), (self.b, NEW_ID)):
            for place in ("etc/nailfold", "etc/credstore", "var/lib/nailfold", "usr/lib/nailfold"):
                (root / place).mkdir(parents=True)
            (root / "etc/nailfold/site.toml").write_text(f"# of {root.name}\n")
            (root / "etc/machine-id").write_text(f"{name}\n")
        self.data.mkdir()
        self._state.mkdir()
        self.knows_data(self.b)

    def knows_data(self, root: Path) -> None:
        """It is of this recipe."""
        (root / "usr/lib/nailfold/data-folders").touch()

    def confirm(self, root: Path) -> None:
        (root / "var/lib/nailfold-confirmed").touch()

    def erased(self, erasing: str) -> None:
        """As data_partition.py leaves it: nothing is there, and the proof."""
        shutil.rmtree(self.data)
        self.data.mkdir()
        proof = {"erasing": erasing, "overwritten_bytes": 1, "reads_back_as_zero": True}
        (self._state / "erased.json").write_text(json.dumps(proof))

    def start(self, root: Path) -> None:
        """The other root is there only on trial and after an erasing, as the units mount it."""
        other = self.b if root == self.a else self.a
        is_looked_at = not (root / "var/lib/nailfold-confirmed").exists() or (self._state / "erased.json").exists()
        owner = (os.getuid(), os.getgid())
        shown = other if is_looked_at else self.data.parent / "nothing"
        data_folders.lay_out(Places(self.data, root, shown, self._state, owner))

    def write(self, place: Path, *exams: str) -> None:
        for exam in exams:
            (place / "exams" / exam).mkdir(parents=True)
            (place / "exams" / exam / "picture.png").write_text(f"loops of {exam}\n")
            with (place / "station.db").open("a") as database:
                database.write(f"{exam}\n")

    def is_repaired(self) -> None:
        """As data_partition.py leaves it."""
        (self._state / "is-repaired").touch()

    @property
    def told_the_pages(self) -> DataCheck:
        found = read_data_check(self.data / "update/data-check.json")
        assert found is not None
        return found

    @property
    def exams(self) -> set[str]:
        """In which the station believes, each with its picture."""
        return exams_in(self.data / "nailfold")

    @property
    def aside(self) -> dict[str, set[str]]:
        return {folder.name: exams_in(folder) for folder in self.data.glob("aside/*")}


def exams_in(folder: Path) -> set[str]:
    database = folder / "station.db"
    named = set(database.read_text().split()) if database.exists() else set()
    for exam in named:
        assert (folder / "exams" / exam / "picture.png").read_text() == f"loops of {exam}\n"
    return named


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory, where there is some: what is made and taken away a hundred times need not reach a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as made:
        yield Path(made)


@pytest.fixture
def box(folder: Path) -> Box:
    return Box(folder)


def own(root: Path) -> Path:
    return root / "var/lib/nailfold"


def test_a_new_box_has_every_folder_and_the_settings_of_its_root(box: Box) -> None:
    box.confirm(box.b)
    box.start(box.b)
    assert set(data_folders.BOUND) <= {path.name for path in box.data.iterdir()}
    assert {"rauc", "update"} <= {path.name for path in box.data.iterdir()}
    assert (box.data / "settings/site.toml").read_text() == "# of b\n"
    assert (box.data / "machine-id").read_text() == f"{NEW_ID}\n"
    for secret in ("nailfold", "credstore"):
        assert (box.data / secret).stat().st_mode & 0o777 == 0o700


def test_the_screen_names_the_box_as_a_stick_must(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.confirm(box.b)
    box.start(box.b)
    assert "box 22222222\n" in capsys.readouterr().out


def test_settings_and_name_are_the_boxs_and_not_a_roots(box: Box) -> None:
    for root in (box.a, box.b):
        box.knows_data(root)
        box.confirm(root)
    box.start(box.a)
    (box.data / "settings/site.toml").write_text("# of this clinic\n")
    box.start(box.b)
    assert (box.data / "settings/site.toml").read_text() == "# of this clinic\n"
    assert (box.b / "etc/machine-id").read_text() == f"{OLD_ID}\n"


def test_an_exam_made_in_one_root_is_there_in_the_other(box: Box) -> None:
    box.knows_data(box.a)
    box.confirm(box.a)
    box.start(box.a)
    box.write(box.data / "nailfold", "e1")
    box.start(box.b)  # an update, on trial
    assert box.exams == {"e1"}
    box.write(box.data / "nailfold", "e2")
    box.start(box.a)  # it was taken back
    assert box.exams == {"e1", "e2"}
    assert box.aside == {}


def test_the_first_system_that_knows_the_partition_takes_over_what_the_older_one_has(box: Box) -> None:
    box.write(own(box.a), "e1", "e2")
    (box.a / "etc/credstore/mqtt-password").write_text("secret")
    box.start(box.b)
    assert box.exams == {"e1", "e2"}
    assert (box.data / "settings/site.toml").read_text() == "# of a\n"
    assert (box.data / "credstore/mqtt-password").read_text() == "secret"
    assert (box.data / "machine-id").read_text() == f"{OLD_ID}\n", "it is the same box"
    assert exams_in(own(box.a)) == {"e1", "e2"}, "it may have to start again"


def test_what_was_taken_over_is_never_copied_over_what_came_later(box: Box) -> None:
    box.write(own(box.a), "e1")
    box.start(box.b)
    box.write(box.data / "nailfold", "e2")
    box.start(box.b)
    assert box.exams == {"e1", "e2"}
    box.confirm(box.b)
    box.start(box.b)
    assert (box.exams, box.aside) == ({"e1", "e2"}, {})


def test_an_older_system_that_went_on_alone_has_the_newer_exams(box: Box) -> None:
    box.write(own(box.a), "e1")
    box.start(box.b)
    box.write(box.data / "nailfold", "of-the-trial")
    box.write(own(box.a), "e2")  # taken back; months later the next update
    box.start(box.b)
    assert box.exams == {"e1", "e2"}
    assert box.aside == {"trial-1": {"e1", "of-the-trial"}}
    assert box.told_the_pages == DataCheck(is_repaired=False, without_name=0, set_aside=("trial-1",))
    box.start(box.b)
    assert (box.exams, len(box.aside)) == ({"e1", "e2"}, 1)
    shutil.rmtree(box.data / "aside/trial-1")
    box.start(box.b)
    assert box.told_the_pages.is_all_well, "somebody has looked after it"


def test_a_repair_and_what_it_left_without_a_name_are_told_on_the_pages(box: Box) -> None:
    box.start(box.b)
    assert box.told_the_pages.is_all_well
    (box.data / "lost+found/#12").mkdir(parents=True)
    box.is_repaired()
    (box.data / "update/data-check.json").write_bytes(b"\0\0\0")  # what a repair leaves of a file
    box.start(box.b)
    assert box.told_the_pages == DataCheck(is_repaired=True, without_name=1, set_aside=())


def test_a_confirmed_systems_exams_stay_and_the_others_are_kept_beside_them(box: Box) -> None:
    box.write(own(box.a), "e1")
    box.start(box.b)
    box.confirm(box.b)
    box.start(box.b)
    box.write(box.data / "nailfold", "e2")
    box.write(own(box.a), "by-hand")  # somebody chose the older root
    (box.b / "var/lib/nailfold-confirmed").unlink()  # and an update was written over B
    for _ in range(2):
        box.start(box.b)
        assert box.exams == {"e1", "e2"}
        assert list(box.aside.values()) == [{"e1", "by-hand"}]


def test_exams_inside_the_running_root_move_out_of_it(box: Box) -> None:
    box.confirm(box.b)
    box.write(own(box.b), "e1")
    box.start(box.b)
    assert box.exams == {"e1"}
    assert list(own(box.b).iterdir()) == []
    assert not own(box.b).with_name("nailfold.moved").exists()


def test_exams_that_do_not_fit_stay_where_they_are(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.write(own(box.a), "e1")
    monkeypatch.setattr(data_folders, "KEPT_FREE_BYTES", 1 << 60)
    with pytest.raises(FolderError, match="They stay where they are"):
        box.start(box.b)
    assert exams_in(own(box.a)) == {"e1"}
    assert not (box.data / "nailfold").exists()


def test_a_partition_that_lies_over_the_root_already_is_not_looked_at_as_if_it_were_the_root(box: Box) -> None:
    box.confirm(box.b)
    box.start(box.b)
    box.write(box.data / "nailfold", "e1")
    own(box.b).rmdir()
    own(box.b).symlink_to(box.data / "nailfold")  # a bind is the same folder, too
    with pytest.raises(FolderError, match="lies over the root already"):
        box.start(box.b)
    assert box.exams == {"e1"}


def test_a_repair_that_took_the_exams_their_name_does_not_end_as_a_new_box(box: Box) -> None:
    box.confirm(box.b)
    (box.data / "lost+found").mkdir()
    box.start(box.b)
    box.write(box.data / "nailfold", "e1")
    os.rename(box.data / "nailfold", box.data / "lost+found/#12")
    with pytest.raises(FolderError, match="lies in /data/lost\\+found"):
        box.start(box.b)
    assert exams_in(box.data / "lost+found/#12") == {"e1"}
    os.rename(box.data / "lost+found/#12", box.data / "nailfold")
    box.start(box.b)
    assert box.exams == {"e1"}


def test_an_erased_box_is_another_one_and_nothing_comes_back(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.knows_data(box.a)
    box.confirm(box.b)
    box.start(box.b)
    box.erased("first")
    box.start(box.b)
    assert "all that was on this box is erased" in capsys.readouterr().out
    assert (box.data / "machine-id").read_text() not in (f"{OLD_ID}\n", f"{NEW_ID}\n")
    assert (box.b / "etc/machine-id").read_text() == (box.data / "machine-id").read_text()
    assert json.loads((box.data / "update/erased.json").read_text())["roots_hold_no_exams"]
    named = (box.data / "machine-id").read_text()
    box.start(box.b)
    assert (box.data / "machine-id").read_text() == named, "the proof is kept; it is no erased box any more"


def test_exams_in_an_older_root_are_no_erased_ones_and_the_proof_says_so(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    box.write(own(box.a), "e1")
    box.start(box.b)
    box.erased("first")
    box.start(box.b)
    assert "ERASING WAS NOT PROVEN" in capsys.readouterr().out
    assert not json.loads((box.data / "update/erased.json").read_text())["roots_hold_no_exams"]
    for _ in range(2):
        assert box.exams == set(), "and they do not come back"
        box.start(box.b)


class Disk:
    """Counts every step that changes something, and cuts the power before one; what was not flushed is then empty.

    A name that was changed and whose folder was not flushed may be there or not: it stays here.
    """

    _STEPS = ("rename", "mkdir", "unlink", "rmdir", "chown", "symlink")
    _sync_flushes = True

    def __init__(self, folder: Path) -> None:
        self._folder, self._flushed = folder, set[tuple[int, int]]()
        self.steps = 0

    @contextmanager
    def cut_before(self, step: int) -> Iterator[None]:
        """Files that were there before are on the disk."""
        self._flush_all()
        self.steps = 0
        with pytest.MonkeyPatch.context() as patch:
            for name in self._STEPS:
                patch.setattr(os, name, self._counted(getattr(os, name), step))
            patch.setattr(shutil, "copyfile", self._counted(shutil.copyfile, step))
            flush = self._flush_all if self._sync_flushes else lambda: None
            patch.setattr(os, "sync", self._counted(os.sync, step, flush))
            patch.setattr(os, "fsync", self._counted(os.fsync, step, self._flush))
            try:
                yield
            except PowerCut:
                self._lose()
                raise

    def _counted(
        self, call: Callable[..., object], cut: int, then: Callable[..., None] = lambda *_: None
    ) -> Callable[..., object]:
        def counted(*words: object, **named: object) -> object:
            if self.steps == cut:
                raise PowerCut
            self.steps += 1
            done = call(*words, **named)
            then(*words)
            return done

        return counted

    def _flush(self, line: int) -> None:
        told = os.fstat(line)
        self._flushed.add((told.st_ino, told.st_size))

    def _flush_all(self) -> None:
        for path in self._folder.rglob("*"):
            told = path.lstat()
            self._flushed.add((told.st_ino, told.st_size))

    def _lose(self) -> None:
        for path in self._folder.rglob("*"):
            told = path.lstat()
            if path.is_file() and not path.is_symlink() and (told.st_ino, told.st_size) not in self._flushed:
                os.truncate(path, 0)


def _cut_everywhere(folder: Path, make: Callable[[Box], Callable[[], None]], holds: Callable[[Box, bool], None]) -> int:
    """From a new box on: cut before the first step, the second, ...; then started again. How many steps there are."""
    step = 0
    while True:
        box_folder = folder / str(step)
        box_folder.mkdir()
        box = Box(box_folder)
        start = make(box)
        disk = Disk(box_folder)
        try:
            with disk.cut_before(step):
                start()
        except PowerCut:
            holds(box, False)
            start()
            holds(box, True)
            shutil.rmtree(box_folder)
            step += 1
            continue
        holds(box, True)
        return step


def test_a_cut_at_any_step_loses_no_exam_of_an_older_root(folder: Path) -> None:
    def make(box: Box) -> Callable[[], None]:
        box.write(own(box.a), "e1")
        return lambda: box.start(box.b)

    def holds(box: Box, is_done: bool) -> None:
        assert exams_in(own(box.a)) == {"e1"}
        assert box.exams in ([{"e1"}] if is_done else [set(), {"e1"}])
        assert box.aside == {}
        if is_done:
            assert (box.data / "settings/site.toml").read_text() == "# of a\n"
            assert (box.data / "machine-id").read_text() == f"{OLD_ID}\n"

    assert _cut_everywhere(folder, make, holds) > 30


def test_a_cut_at_any_step_loses_no_exam_of_the_running_root(folder: Path) -> None:
    def make(box: Box) -> Callable[[], None]:
        box.confirm(box.b)
        box.write(own(box.b), "e1")
        return lambda: box.start(box.b)

    def holds(box: Box, is_done: bool) -> None:
        if is_done:
            assert (box.exams, list(own(box.b).iterdir()), box.aside) == ({"e1"}, [], {})
        elif box.exams != {"e1"}:
            assert exams_in(own(box.b)) == {"e1"}

    assert _cut_everywhere(folder, make, holds) > 30


def test_a_cut_at_any_step_loses_neither_what_is_newer_nor_what_is_set_aside(folder: Path) -> None:
    def make(box: Box) -> Callable[[], None]:
        box.write(own(box.a), "e1")
        box.start(box.b)
        box.write(box.data / "nailfold", "of-the-trial")
        box.write(own(box.a), "e2")
        return lambda: box.start(box.b)

    def holds(box: Box, is_done: bool) -> None:
        trial = {"e1", "of-the-trial"}
        if is_done:
            assert (box.exams, box.aside) == ({"e1", "e2"}, {"trial-1": trial})
        else:
            assert trial in (box.exams, *box.aside.values())
            assert exams_in(own(box.a)) == {"e1", "e2"}

    assert _cut_everywhere(folder, make, holds) > 20


def test_a_copy_that_is_not_flushed_before_it_has_its_name_is_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the cuts above are worth: without the flush they find an exam that is empty."""
    monkeypatch.setattr(Disk, "_sync_flushes", False)

    def make(box: Box) -> Callable[[], None]:
        box.confirm(box.b)
        box.write(own(box.b), "e1")
        return lambda: box.start(box.b)

    def holds(box: Box, is_done: bool) -> None:
        if box.exams != {"e1"}:
            assert exams_in(own(box.b)) == {"e1"}

    with pytest.raises(AssertionError):
        _cut_everywhere(folder, make, holds)
