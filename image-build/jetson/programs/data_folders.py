#!/usr/bin/python3
"""What lies on the mounted data partition of a Jetson, before the units bind it to its places.

A folder that is missing comes from the root, whole or not at all. Exams that lie inside a root, because that was
flashed before there was a data partition, are taken over: from the root that runs, whose own are then removed, or from
the other one, on the trial of the first system that knows the partition; the other keeps its own, it may have to start
again. No clock is asked which exams are newer: a root's are known by their fingerprint, and where that has changed
since they were taken over, that root has run since.

- Nothing is on the partition yet: the root's are copied.
- The partition's are of a trial that was taken back, and the root has run since: the root's are the newer ones. The
  partition's are set aside.
- The partition's are of a confirmed system: they stay. A copy of the root's is set aside.

Nothing that was set aside is ever removed (/data/aside). Every step ends with one rename, so a power cut leaves what
was there, or what is to be there.
"""

import contextlib
import hashlib
import json
import os
import pwd
import re
import shutil
import stat
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BOUND = {
    "nailfold": "var/lib/nailfold",
    "settings": "etc/nailfold",
    "credstore": "etc/credstore",
    "systemd": "var/lib/systemd",
    "journal": "var/log/journal",
    "connections": "etc/NetworkManager/system-connections",
    "network": "var/lib/NetworkManager",
}
"""Folder of the partition by folder of the root; a mount unit each."""
FROM_THE_ROOT = ("settings", "credstore", "connections")
"""Whose first content is the root's."""
FOR_ROOT_ALONE = ("nailfold", "credstore", "connections", "network", "aside")
KEPT_FREE_BYTES = 256 << 20
_EXAMS = "nailfold"
_WHOLE = "nailfold.whole-"
_MACHINE_ID = re.compile(r"[0-9a-f]{32}")


class FolderError(Exception):
    """One sentence, and what to do."""


@dataclass(frozen=True)
class Places:
    """Where things are; other places are for tests.

    Attributes:
        data: the mounted partition.
        root: the root that runs, nothing bound over it yet.
        other: the other root, read-only; an empty folder where it is not looked at.
        state: of data_partition.py.
        owner: user and group of the station.
    """

    data: Path
    root: Path
    other: Path
    state: Path
    owner: tuple[int, int]

    @property
    def is_confirmed(self) -> bool:
        """Whether the running root is on trial no more."""
        return (self.root / "var/lib/nailfold-confirmed").exists()

    @property
    def older(self) -> Path | None:
        """The other root, where that has nailfold and knows no data partition."""
        programs = self.other / "usr/lib/nailfold"
        is_older = programs.is_dir() and not (programs / "data-folders").exists()
        return self.other if is_older else None


def lay_out(places: Places) -> None:
    """Everything that the units bind. Raises FolderError, OSError."""
    data, own = places.data, places.root / BOUND[_EXAMS]
    if own.exists() and (data / _EXAMS).exists() and own.samefile(data / _EXAMS):
        raise FolderError("the data partition lies over the root already; restart the computer")
    lost = data / "lost+found"
    if lost.is_dir() and any(lost.iterdir()) and not (data / _EXAMS).exists():
        raise FolderError(
            "the data partition was damaged, and the folder of the exams has lost its name: it lies in"
            " /data/lost+found. Nothing is made in its place; have it put back, or restore the newest copy"
        )
    for unfinished in (*data.glob("*.new"), *data.glob("*/*.json.new"), *data.glob("aside/*.new")):
        _remove(unfinished)
    proof = _fresh_proof(places)
    _name_box(places, is_erased=proof is not None)
    source = places.root if places.older is None or proof is not None else places.older
    for name in FROM_THE_ROOT:
        if not (data / name).exists():
            _copy_whole(source / BOUND[name], data / name)
    _take_over(places, is_erased=proof is not None)
    for name in (*BOUND, "rauc", "update"):
        (data / name).mkdir(exist_ok=True)
    for name in FOR_ROOT_ALONE:
        if (data / name).exists():
            (data / name).chmod(0o700)
    os.chown(data / _EXAMS, *places.owner)
    _sync(data)
    _note_check(places)
    if proof is not None:
        # Last: a start that is cut short before begins anew.
        _write(data / "update/erased.json", json.dumps(proof))
        is_proven = proof["reads_back_as_zero"] and proof["roots_hold_no_exams"]
        _say("all that was on this box is erased" if is_proven else f"ERASING WAS NOT PROVEN: {proof}")


def _note_check(places: Places) -> None:
    """For the pages, which tell of it (appliance/apps/station/data_check.py)."""
    lost, aside = (places.data / name for name in ("lost+found", "aside"))
    found = {
        "is_repaired": (places.state / "is-repaired").exists(),
        "without_name": len(list(lost.iterdir())) if lost.is_dir() else 0,
        "set_aside": sorted(path.name for path in aside.iterdir()) if aside.is_dir() else [],
    }
    _write(places.data / "update/data-check.json", json.dumps(found))


def fingerprint(folder: Path) -> str:
    """Of names, sizes and times of its files, which a copy keeps; empty where there is no file."""
    lines = [
        f"{path.relative_to(folder)} {told.st_size} {told.st_mtime_ns}"
        for path, told in _files(folder)
        if stat.S_ISREG(told.st_mode)
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest() if lines else ""


def _take_over(places: Places, is_erased: bool) -> None:
    data, own = places.data, places.root / BOUND[_EXAMS]
    for whole in sorted(data.glob(f"{_WHOLE}*")):
        _put_in_place(places, whole)
    for root in filter(None, (places.older, places.root)):
        found = fingerprint(root / BOUND[_EXAMS])
        if is_erased and found:
            # The proof tells of them; they must not come back.
            _remember(data, found)
        elif found and found not in _known(data) and not (data / "aside" / found[:12]).exists():
            _bring(places, root, found)
    # First its name is gone, at once, then its bytes.
    moved = own.with_name(f"{own.name}.moved")
    if fingerprint(own):
        _remove(moved)
        os.rename(own, moved)
        _sync(own.parent)
    own.mkdir(mode=0o700, exist_ok=True)
    _remove(moved)
    if places.is_confirmed and not (data / "settled").exists():
        _write(data / "settled", "")


def _bring(places: Places, root: Path, found: str) -> None:
    data, source = places.data, root / BOUND[_EXAMS]
    where = "the other system" if root == places.other else "this system"
    _require_room(data, source)
    if (data / "settled").exists() and fingerprint(data / _EXAMS):
        (data / "aside").mkdir(exist_ok=True)
        _copy_whole(source, data / "aside" / found[:12], places.owner)
        _say(
            f"{where} holds exams of its own, other than those of the data partition, which stay in use:"
            f" a copy of them is kept in /data/aside/{found[:12]}"
        )
        return
    _say(f"the exams inside {where} move onto the data partition")
    whole = data / f"{_WHOLE}{found}"
    _copy_whole(source, whole, places.owner)
    _put_in_place(places, whole)


def _put_in_place(places: Places, whole: Path) -> None:
    """Each step can be done again: as long as the whole copy has its long name, the next start goes on with it."""
    data, found = places.data, whole.name.removeprefix(_WHOLE)
    _remember(data, found)
    if fingerprint(data / _EXAMS):
        (data / "aside").mkdir(exist_ok=True)
        number = 1 + sum(1 for _ in (data / "aside").glob("trial-*"))
        os.rename(data / _EXAMS, data / f"aside/trial-{number}")
        _sync(data / "aside")
        _say(f"exams of a system that was taken back are kept in /data/aside/trial-{number}")
    elif (data / _EXAMS).exists():
        _remove(data / _EXAMS)
    os.rename(whole, data / _EXAMS)
    _sync(data)


def _copy_whole(source: Path, target: Path, owner: tuple[int, int] | None = None) -> None:
    """A folder with what is in it, on the disk before it has its name; an empty one where there is no source."""
    fresh = target.with_name(f"{target.name}.new")
    if source.is_dir():
        shutil.copytree(source, fresh, symlinks=True, ignore=_without_pipes)
    else:
        fresh.mkdir()
    if owner is not None:
        for path in (fresh, *fresh.rglob("*")):
            os.chown(path, *owner, follow_symlinks=False)
    os.sync()
    os.rename(fresh, target)
    _sync(target.parent)


def _without_pipes(folder: str, names: list[str]) -> set[str]:
    """Sockets and pipes, which are nothing once nobody listens."""
    kinds = {name: os.lstat(f"{folder}/{name}").st_mode for name in names}
    return {
        name for name, kind in kinds.items() if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or stat.S_ISLNK(kind))
    }


def _require_room(data: Path, source: Path) -> None:
    needed = sum(told.st_size for _, told in _files(source)) + KEPT_FREE_BYTES
    free = shutil.disk_usage(data).free
    if free < needed:
        raise FolderError(
            f"the exams inside the system need {needed >> 20} MiB on the data partition, {free >> 20} MiB are free."
            " They stay where they are. Flash with smaller roots (-S) or a larger disk"
        )


def _name_box(places: Places, is_erased: bool) -> None:
    """One id for both roots; another after everything was erased."""
    data, own = places.data, places.root / "etc/machine-id"
    if not (data / "machine-id").exists():
        before = places.older / "etc/machine-id" if places.older else own
        known = before.read_text().strip() if before.exists() and not is_erased else ""
        _write(data / "machine-id", f"{known if _MACHINE_ID.fullmatch(known) else uuid.uuid4().hex}\n")
    named = (data / "machine-id").read_text()
    if not own.exists() or own.read_text() != named:
        _write(own, named)
        own.chmod(0o444)
        (places.state / "named-anew").touch()
    # By which a stick names it that asks to erase it.
    _say(f"box {named[:8]}")


def _fresh_proof(places: Places) -> dict[str, object] | None:
    """What data_partition.py has seen of an erasing, and whether the roots hold exams, which it does not erase; None
    where there was none, or it is kept already.
    """
    told = places.state / "erased.json"
    if not told.exists():
        return None
    proof: dict[str, object] = json.loads(told.read_text())
    kept = places.data / "update/erased.json"
    if kept.exists() and json.loads(kept.read_text()).get("erasing") == proof["erasing"]:
        return None
    roots = (places.older, places.root)
    return {**proof, "roots_hold_no_exams": not any(fingerprint(root / BOUND[_EXAMS]) for root in roots if root)}


def _known(data: Path) -> set[str]:
    with contextlib.suppress(FileNotFoundError):
        return set((data / "taken-over").read_text().split())
    return set()


def _remember(data: Path, found: str) -> None:
    if found not in (known := _known(data)):
        _write(data / "taken-over", "".join(f"{line}\n" for line in sorted({*known, found})))


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk when this returns."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(fresh, path)
    _sync(path.parent)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.rglob("*"):
        yield path, path.stat(follow_symlinks=False)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    line = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(line)
    finally:
        os.close(line)


def _say(words: str) -> None:
    print(words, flush=True)


def main() -> None:
    """Once, between mounting and binding."""
    if not os.path.ismount("/data"):
        sys.exit("NAILFOLD DOES NOT START: the data partition is not mounted at /data")
    try:
        user = pwd.getpwnam("nailfold")
        lay_out(
            Places(
                Path("/data"),
                Path("/"),
                Path("/run/otherroot"),
                Path("/run/nailfold-data"),
                (user.pw_uid, user.pw_gid),
            )
        )
    except KeyError:
        sys.exit("NAILFOLD DOES NOT START: this system has no user nailfold; its package is not installed")
    except (FolderError, OSError) as error:
        sys.exit(f"NAILFOLD DOES NOT START: {error}")


if __name__ == "__main__":
    main()
