"""Files of a release, taken only where TUF vouches for them; from a web server, a folder or a USB stick."""

import os
import shutil
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tuf.api import exceptions
from tuf.api.metadata import TargetFile
from tuf.ngclient import Updater

from appliance.apps.station.fleet.resuming_fetcher import CHUNK, FolderSource, HttpSource, ResumingFetcher
from appliance.domain.errors import UpdateError
from appliance.domain.instant import from_rfc3339

MADE_AT = "x-nailfold-made-at"
"""Member of the signed timestamp: when it was made. A box's clock can be wrong, this cannot."""
LEFT_FREE_BYTES = 500_000_000
"""An update leaves so much of the disk to exams."""
_PARTS = "parts"
_COPIES = 2  # the checked one is written while the fetched one is still there
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ExpiredMetadataError, "it has expired, or the clock of this box is ahead"),
    (exceptions.EqualVersionNumberError, "it has the number of another version (mix and match)"),
    (exceptions.BadVersionNumberError, "it is older than what this box has seen (rollback), or not of one release"),
    (exceptions.UnsignedMetadataError, "it is not signed by the keys of this box's fleet"),
    (exceptions.DownloadLengthMismatchError, "it is longer than its release says"),
    (exceptions.LengthOrHashMismatchError, "it is not the file of the release (changed or cut off)"),
    (exceptions.DownloadHTTPError, "a file of the release is not there"),
    (exceptions.DownloadError, "it cannot be fetched"),
    (exceptions.RepositoryError, "it is no release that can be read"),
)


class UpdateClient:
    """The TUF client of a box.

    Args:
        root: the first root metadata, which came with the box's own software.
        folder: keeps what was seen; whoever empties it lets an attacker go back to the first root.
        base: "https://...", or "file:///media/stick/release": below it lie metadata/ and targets/.
        now_utc: the box's clock.
        floor_utc: it cannot be earlier than that, whatever the clock says.
        raise_floor: called with a later such time, which a release has proved.
    """

    def __init__(
        self,
        root: bytes,
        folder: Path,
        base: str,
        now_utc: Callable[[], datetime],
        floor_utc: Callable[[], datetime],
        raise_floor: Callable[[datetime], None],
    ) -> None:
        self._root, self._folder, self._base = root, folder, base.rstrip("/")
        self._now_utc, self._floor_utc, self._raise_floor = now_utc, floor_utc, raise_floor

    def fetch(
        self,
        prefix: str,
        names: tuple[str, ...],
        into: Path,
        is_over: threading.Event | None = None,
        if_there: tuple[str, ...] = (),
    ) -> None:
        """Put the release's files "PREFIX/NAME" into a new folder, whole or not at all.

        A link that breaks is taken up again where it broke; where it stays broken, by the next call.

        Args:
            is_over: set when nobody waits for it any more.
            if_there: names of more files, of which a release may have some.

        Raises:
            UpdateError: one of them is not what a valid, newest release says; in the operator's words.
        """
        unfinished = into.with_name(f"{into.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        try:
            fetcher = self._fetcher(is_over or threading.Event())
            updater = self._refreshed(fetcher)
            targets = {name: self._target(updater, f"{prefix}/{name}") for name in names}
            more = {name: updater.get_targetinfo(f"{prefix}/{name}") for name in if_there}
            targets.update((name, target) for name, target in more.items() if target is not None)
            kept = fetcher.keep_only({f"{target.hashes['sha256']}.{name}" for name, target in targets.items()})
            _require_room(unfinished, _COPIES * sum(target.length for target in targets.values()) - kept)
            for name, target in targets.items():
                updater.download_target(target, str(unfinished / name))
                _flush(unfinished / name)
        except Exception as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            if isinstance(error, UpdateError):
                raise
            raise UpdateError(f"the release at {self._base} is refused: {_in_words(error)}") from error
        shutil.rmtree(into, ignore_errors=True)
        unfinished.replace(into)

    def _fetcher(self, is_over: threading.Event) -> ResumingFetcher:
        source = FolderSource() if self._base.startswith("file:") else HttpSource(chunk_size=CHUNK)
        return ResumingFetcher(source, self._folder / _PARTS, f"{self._base}/targets/", is_over)

    def _refreshed(self, fetcher: ResumingFetcher) -> Updater:
        self._folder.mkdir(parents=True, exist_ok=True)
        updater = Updater(
            str(self._folder), f"{self._base}/metadata/", None, f"{self._base}/targets/", fetcher, bootstrap=self._root
        )
        # python-tuf offers no other way to a clock that is not the computer's, and a box at 1970 would take everything.
        trusted = updater._trusted_set
        trusted.reference_time = max(self._now_utc(), self._floor_utc())
        updater.refresh()
        made_at = trusted.timestamp.unrecognized_fields.get(MADE_AT)
        if made_at is not None:
            self._raise_floor(from_rfc3339(made_at))
        return updater

    def _target(self, updater: Updater, name: str) -> TargetFile:
        target = updater.get_targetinfo(name)
        if target is None:
            raise UpdateError(f"the release at {self._base} has no {name}", "Ask who made the release.")
        return target


def _require_room(folder: Path, length: int) -> None:
    """Before anything is fetched: a full disk would end exams, too."""
    free = shutil.disk_usage(folder).free
    if free < length + LEFT_FREE_BYTES:
        raise UpdateError(
            f"the update has {length // 1_000_000} MB and {free // 1_000_000} MB are free; "
            f"{LEFT_FREE_BYTES // 1_000_000} MB must stay so",
            "Free some space first.",
        )


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _in_words(error: Exception) -> str:
    words = next((text for kind, text in _WORDS if isinstance(error, kind)), "")
    return f"{words} ({error})" if words else f"{type(error).__name__}: {error}"
