"""Imports under way: files come in one by one, a person corrects what was guessed, then they become an exam."""

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from appliance.domain.counted import counted
from appliance.domain.errors import ApplianceError, ExamError, NotKeptError
from appliance.domain.exam import Finger, Hand, Placement, Sector
from appliance.exports.imports.job import ImportOptions, ImportTools, PictureResult, PlacedPicture, import_pictures
from appliance.exports.imports.picture import ScaleSource
from appliance.exports.imports.placement_guess import Guess, agreed, guess_placement
from appliance.exports.staging import Staging, Stream

_log = logging.getLogger(__name__)
LARGEST_FILE_BYTES = 500_000_000
MOST_FILES = 500
_MOST_IMPORTS = 8
THUMBNAIL_PX = 240
"""Longest side; 10 kB each, kept in memory until the import is dropped, so that they stay after it is done."""
_ARRIVING = "arriving"


class ImportState(Enum):
    """COLLECTING takes files; RUNNING measures them; DONE and FAILED stay until the import is dropped."""

    COLLECTING = "collecting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class ImportItem:
    """One file.

    Attributes:
        hand, finger, sector: guessed from metadata and name, corrected by a person; None where nothing tells.
        width_px, height_px: 0 for a file that cannot be read.
        um_per_px, scale_source: embedded in the file, and the field it comes from.
        taken_at_utc: when it was taken, as the file tells; None where it does not.
        camera_name: as the file tells; empty where it does not.
        thumbnail: a small JPEG; empty for a file that cannot be read.
        problem: why it cannot be imported; empty while all is well.
        note: what of the file was not used or contradicts itself, to be seen before anything is measured.
        result: once it was measured.
    """

    item_id: str
    name: str
    hand: Hand | None = None
    finger: Finger | None = None
    sector: Sector | None = None
    width_px: int = 0
    height_px: int = 0
    um_per_px: float | None = None
    scale_source: ScaleSource | None = None
    taken_at_utc: datetime | None = None
    camera_name: str = ""
    thumbnail: bytes = field(default=b"", repr=False)
    problem: str = ""
    note: str = ""
    result: PictureResult | None = None


@dataclass(frozen=True)
class PictureImport:
    """An import; `done` of its usable items were measured."""

    import_id: str
    state: ImportState
    items: tuple[ImportItem, ...] = ()
    done: int = 0
    exam_id: str | None = None
    message: str = ""
    remedy: str = ""

    @property
    def usable(self) -> tuple[ImportItem, ...]:
        return tuple(item for item in self.items if not item.problem)


class PictureImports:
    """Imports of this station. Safe for calls from any thread; unknown ids raise NotKeptError."""

    def __init__(self, staging: Staging, tools: ImportTools) -> None:
        self._staging = staging
        self._tools = tools
        self._lock = threading.RLock()
        self._known: dict[str, PictureImport] = {}

    def begin(self) -> PictureImport:
        """A new import without files; the oldest that is not running gives way where there are too many."""
        with self._lock:
            if len(self._known) >= _MOST_IMPORTS:
                idle = [one.import_id for one in self._known.values() if one.state is not ImportState.RUNNING]
                if not idle:
                    raise ExamError("too many imports are running", "Wait for one of them to end.")
                self.drop(idle[0])
            started = PictureImport(self._staging.new(), ImportState.COLLECTING)
            self._known[started.import_id] = started
            return started

    def show(self, import_id: str) -> PictureImport:
        """As it now is."""
        with self._lock:
            if import_id not in self._known:
                raise NotKeptError(f"there is no import {import_id}", "Start again.")
            return self._known[import_id]

    def add(self, import_id: str, name: str, stream: Stream) -> ImportItem:
        """Take a file in and examine it; `problem` says why one cannot be read.

        Args:
            name: with its folders, as the person's computer has it; for the guess and for show alone.
        """
        with self._lock:
            at = self._collecting(import_id)
            if len(at.items) >= MOST_FILES:
                raise ExamError(f"an import takes {MOST_FILES} files", "Import the others afterwards.")
            item_id = str(len(at.items) + 1)
            self._put(replace(at, items=(*at.items, ImportItem(item_id, name, problem=_ARRIVING))))
        path = self._staging.path(import_id, item_id)
        try:
            self._staging.receive(path, stream, LARGEST_FILE_BYTES)
            item = self._look(import_id, item_id, name)
        except (ApplianceError, OSError) as error:
            # The person knows the file by its own name, not by where it lies meanwhile.
            item = ImportItem(item_id, name, problem=_by_own_name(str(error), path, name))
        return self._arrived(import_id, item)

    def _arrived(self, import_id: str, item: ImportItem) -> ImportItem:
        """The file as it now is; what a person said of it while it arrived stays said.

        Raises:
            ExamError: the import was started meanwhile, without this file.
        """
        with self._lock:
            known = _item(self._collecting(import_id), item.item_id)
            if known.problem != _ARRIVING:
                return known
            hand, finger, sector = known.hand or item.hand, known.finger or item.finger, known.sector or item.sector
            item = replace(item, hand=hand, finger=finger, sector=sector)
            self._replace_item(import_id, item)
            return item

    def place(self, import_id: str, item_id: str, hand: Hand, finger: Finger, sector: Sector) -> ImportItem:
        """Correct where a picture was taken."""
        with self._lock:
            item = replace(_item(self._collecting(import_id), item_id), hand=hand, finger=finger, sector=sector)
            self._replace_item(import_id, item)
            return item

    def thumbnail(self, import_id: str, item_id: str) -> bytes:
        """A small JPEG of a file. Raises NotKeptError for one that could not be read."""
        found = _item(self.show(import_id), item_id).thumbnail
        if not found:
            raise NotKeptError(f"there is no picture of file {item_id}", "It could not be read.")
        return found

    def remove(self, import_id: str, item_id: str) -> PictureImport:
        """Leave a file out."""
        with self._lock:
            at = self._collecting(import_id)
            item = replace(_item(at, item_id), problem="left out")
            self._put(replace(at, items=tuple(item if one.item_id == item_id else one for one in at.items)))
            return self.show(import_id)

    def start(self, import_id: str, options: ImportOptions) -> PictureImport:
        """Measure every usable file in a thread of its own.

        Raises:
            ExamError: a file has no hand or finger, no file is usable, or the pseudonym cannot be used.
            LookAlikeError: it looks like a patient's, and nobody said that this is another one.
            ExportError: the pictures would be from the future.
        """
        options.require_patient(self._tools.patients)
        options.require_past(self._tools.now_utc())
        with self._lock:
            at = self._collecting(import_id)
            if not at.usable:
                raise ExamError("there is no picture to import", "Add a file that can be read.")
            if unplaced := [item.name for item in at.usable if item.hand is None or item.finger is None]:
                raise ExamError(
                    f"{counted(len(unplaced), 'file has', 'files have')} no hand or finger",
                    "Choose them for each file.",
                )
            running = replace(at, state=ImportState.RUNNING)
            self._put(running)
        threading.Thread(target=self._run, args=(running, options), name="import", daemon=True).start()
        return running

    def drop(self, import_id: str) -> None:
        """Forget an import and its files; the exam that it became stays."""
        with self._lock:
            if self.show(import_id).state is ImportState.RUNNING:
                raise ExamError("the import is running", "Wait for its end.")
            del self._known[import_id]
        self._staging.drop(import_id)

    def clear(self) -> None:
        """Forget every import that is not running, and its files."""
        with self._lock:
            for one in [one for one in self._known.values() if one.state is not ImportState.RUNNING]:
                self.drop(one.import_id)

    def _run(self, started: PictureImport, options: ImportOptions) -> None:
        import_id, usable = started.import_id, started.usable

        def tell(at: int, result: PictureResult) -> None:
            item = usable[at]
            self._replace_item(import_id, replace(item, result=result, problem=result.problem), done=at + 1)

        try:
            workspace = self._staging.path(import_id, "kept")
            workspace.mkdir()
            pictures = [self._placed(import_id, item) for item in usable]
            exam = import_pictures(pictures, options, self._tools, workspace, tell)
            self._end(import_id, state=ImportState.DONE, exam_id=exam.exam_id)
        except ApplianceError as error:
            self._end(import_id, state=ImportState.FAILED, message=error.message, remedy=error.remedy)
        except Exception:
            _log.exception("import %s failed", import_id)
            self._end(import_id, state=ImportState.FAILED, message="the import failed", remedy="See the log.")
        finally:
            self._staging.drop(import_id)

    def _placed(self, import_id: str, item: ImportItem) -> PlacedPicture:
        assert item.hand is not None
        assert item.finger is not None
        place = Placement(item.hand, item.finger, item.sector or Sector.UNKNOWN)
        return PlacedPicture(self._staging.path(import_id, item.item_id), item.name, place)

    def _look(self, import_id: str, item_id: str, name: str) -> ImportItem:
        """Decoded once to say now, not after the work, whether it can be used."""
        read = self._tools.read_still(self._staging.path(import_id, item_id))
        by_name = guess_placement(_below(name))
        kept, contradiction = agreed(Guess(), read.guess, by_name)
        height, width = read.image_rgb.shape[:2]
        return ImportItem(
            item_id=item_id,
            name=name,
            hand=kept.hand,
            finger=kept.finger,
            sector=kept.sector,
            note="; ".join(filter(None, (read.note, contradiction))),
            width_px=width,
            height_px=height,
            um_per_px=read.um_per_px,
            scale_source=read.scale_source,
            taken_at_utc=read.taken_at_utc,
            camera_name=read.camera_name,
            thumbnail=_thumbnail(read.image_rgb),
        )

    def _collecting(self, import_id: str) -> PictureImport:
        at = self.show(import_id)
        if at.state is not ImportState.COLLECTING:
            raise ExamError("the import takes no more changes", "Start another one.")
        return at

    def _replace_item(self, import_id: str, item: ImportItem, done: int | None = None) -> None:
        with self._lock:
            at = self.show(import_id)
            items = tuple(item if one.item_id == item.item_id else one for one in at.items)
            self._put(replace(at, items=items, done=at.done if done is None else done))

    def _end(self, import_id: str, state: ImportState, **more: str) -> None:
        with self._lock:
            self._put(replace(self.show(import_id), state=state, **more))  # type: ignore[arg-type]

    def _put(self, changed: PictureImport) -> None:
        self._known[changed.import_id] = changed


def _thumbnail(image_rgb: NDArray[np.uint8]) -> bytes:
    image, out = Image.fromarray(image_rgb), BytesIO()
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BILINEAR, reducing_gap=2.0)
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _by_own_name(message: str, path: Path, name: str) -> str:
    return message.replace(str(path), name).replace(f"read {path.name}:", f"read {name}:")


def _below(name: str) -> str:
    """The path below the folder that the person chose: a browser puts that folder's own name in front."""
    plain = name.replace("\\", "/")
    return plain.partition("/")[2] or plain


def _item(at: PictureImport, item_id: str) -> ImportItem:
    for item in at.items:
        if item.item_id == item_id:
            return item
    raise NotKeptError(f"there is no file {item_id} in this import", "Reload the page.")
