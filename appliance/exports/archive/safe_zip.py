"""Reading a ZIP that a stranger may have made: what is larger, elsewhere or other than it says is refused."""

import hashlib
import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.domain.bounded_json import keepable_loads
from appliance.domain.errors import ExportError
from appliance.exports.archive.exam_json import SUFFIXES
from appliance.exports.archive.write import MANIFEST, SCHEMA

_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PATH = re.compile(
    rf"exams/{_ID}/((exam|review|figures|journal)\.json|(results|reviewed)/{_ID}\.json|images/{_ID}\.({'|'.join(SUFFIXES)}))"
)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold.

    Attributes:
        largest_entry_bytes: unpacked; a still of 60 Mpx has 180 MB at most.
        largest_total_bytes: of all entries, unpacked.
        most_entries: files; a 32-image exam has about 100.
        highest_ratio: unpacked to packed size; JSON reaches 20, a bomb 1,000.
    """

    largest_entry_bytes: int = 500_000_000
    largest_total_bytes: int = 20_000_000_000
    most_entries: int = 200_000
    highest_ratio: float = 200.0


class SafeZip:
    """An archive whose every entry is named in its manifest; usable with `with`.

    Raises:
        ExportError: not such an archive, or beyond the limits; nothing is unpacked to find out.
    """

    def __init__(self, path: Path, limits: ArchiveLimits | None = None) -> None:
        self._limits = limits or ArchiveLimits()
        try:
            self._zip = zipfile.ZipFile(path)
        except Exception as error:  # as when an entry is unpacked, and UnicodeDecodeError of a name: no common base
            raise ExportError(f"this is no ZIP archive: {error}", "Choose a ZIP that this product exported.") from error
        try:
            self._entries = self._checked_entries()
            self.manifest = self._checked_manifest()
            self._digests = self._checked_digests()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "SafeZip":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def exam_ids(self) -> tuple[str, ...]:
        return tuple(self.manifest["exams"])

    def missing(self, exam_id: str) -> frozenset[str]:
        """Images of an exam whose files could not be read where the archive was made."""
        listed = self.manifest.get("missing", [])
        rows = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return frozenset(str(one.get("image")) for one in rows if one.get("exam") == exam_id)

    def names(self, folder: str) -> tuple[str, ...]:
        """Every entry below a folder."""
        return tuple(name for name in self._digests if name.startswith(folder))

    def read(self, name: str) -> bytes:
        """One entry. Raises ExportError where its size or digest is not the manifest's."""
        if name not in self._digests:
            raise ExportError(f"the archive has no {name}", "Export it again.")
        content = self._unpack(name)
        if hashlib.sha256(content).hexdigest() != self._digests[name]:
            raise ExportError(f"{name} was changed after the export: its SHA-256 differs", "Nothing was imported.")
        return content

    def json(self, name: str) -> dict[str, Any]:
        """One entry as a JSON object. Raises ExportError."""
        return _object(name, self.read(name))

    def _checked_entries(self) -> dict[str, zipfile.ZipInfo]:
        limits, entries = self._limits, self._zip.infolist()
        if len(entries) > limits.most_entries:
            raise _refused(f"{len(entries)} files, at most {limits.most_entries}")
        if (total := sum(entry.file_size for entry in entries)) > limits.largest_total_bytes:
            raise _refused(f"{total / 1e9:.1f} GB unpacked, at most {limits.largest_total_bytes / 1e9:.1f} GB")
        if all(entry.filename != MANIFEST for entry in entries):
            raise ExportError(
                f"the archive has no {MANIFEST}",
                "Choose a ZIP that this product exported; unpack one of pictures and import its folder.",
            )
        found: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            self._check_entry(entry)
            if entry.filename in found:
                raise _refused(f"{entry.filename} is there twice")
            found[entry.filename] = entry
        return found

    def _check_entry(self, entry: zipfile.ZipInfo) -> None:
        name, limits = entry.filename, self._limits
        if name != MANIFEST and not _PATH.fullmatch(name):
            raise _refused(f"{name[:100]!r} is no name of this format")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _refused(f"{name} is a link")
        if entry.flag_bits & 1:
            raise _refused(f"{name} is encrypted")
        if entry.file_size > limits.largest_entry_bytes:
            raise _refused(f"{name} has {entry.file_size / 1e6:.0f} MB, at most {limits.largest_entry_bytes / 1e6:.0f}")
        if entry.file_size > limits.highest_ratio * max(entry.compress_size, 1):
            raise _refused(f"{name} grows more than {limits.highest_ratio:.0f} times when unpacked")

    def _checked_manifest(self) -> dict[str, Any]:
        manifest = _object(MANIFEST, self._unpack(MANIFEST))
        if manifest.get("schema") != SCHEMA:
            seen = str(manifest.get("schema"))[:60]
            raise ExportError(
                f"the archive is of format {seen!r}, this software reads {SCHEMA}", "Update the software."
            )
        if not isinstance(manifest.get("exams"), list) or not isinstance(manifest.get("entries"), list):
            raise _refused("its manifest names no exams or entries")
        return manifest

    def _checked_digests(self) -> dict[str, str]:
        try:
            digests = {str(one["path"]): str(one["sha256"]) for one in self.manifest["entries"]}
        except (KeyError, TypeError) as error:
            raise _refused("its manifest cannot be read") from error
        there = self._entries.keys() - {MANIFEST}
        if strangers := sorted(there ^ digests.keys()):
            raise _refused(f"manifest and files differ, first at {strangers[0][:100]!r}")
        if strangers := sorted(name for name in there if name.split("/")[1] not in self.manifest["exams"]):
            raise _refused(f"{strangers[0]} belongs to no exam of the manifest")
        return digests

    def _unpack(self, name: str) -> bytes:
        """No more than the size that was checked, whatever the stream holds."""
        size, content = self._entries[name].file_size, bytearray()
        try:
            with self._zip.open(name) as stream:
                while chunk := stream.read(min(_CHUNK, size + 1 - len(content))):
                    content += chunk
                    if len(content) > size:
                        raise _refused(f"{name} is larger than it says")
        except ExportError:
            raise
        except Exception as error:  # BadZipFile, OSError, zlib.error, EOFError and more: no common base but this
            raise ExportError(f"{name} in the archive is damaged: {error}", "Copy the archive again.") from error
        return bytes(content)


def _object(name: str, content: bytes) -> dict[str, Any]:
    try:
        value = keepable_loads(content)
    except ValueError as error:
        raise ExportError(f"{name} in the archive is no JSON that can be kept", "Export it again.") from error
    if not isinstance(value, dict):
        raise ExportError(f"{name} in the archive is no JSON object", "Export it again.")
    return value


def _refused(reason: str) -> ExportError:
    return ExportError(f"refused the archive: {reason}", "Nothing was imported. Export it again from the other box.")
