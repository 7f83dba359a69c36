"""Which networks a box runs: those of its software, or a bundle that came later."""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from appliance.domain.bounded_json import bounded_loads
from appliance.domain.errors import StoreError
from appliance.durable_files import write_durably
from appliance.inference.variant_manifest import variant_paths

FOLDER_NAME = "engine-bundles"
FILE_NAME = "engine-bundle.json"
BUNDLE_ORIGIN = "the fleet's bundle"
"""Where `inference.weights_dir` then comes from."""
BUNDLE_FILES = ("manifest.json", "detector.onnx", "keypoints.onnx")
"""What every bundle has."""
REDUCED_FILES = tuple(
    path.name for role in ("detector", "keypoints") for path in variant_paths(Path(), role, "int8", "onnxruntime")
)
"""The same networks in 8 bits, for boxes without a GPU: without them such a box shows half as many frames a second."""
MOST_STARTS = 2
"""So many starts may a bundle take until it is confirmed; then the station goes back by itself."""


@dataclass(frozen=True)
class ActiveBundle:
    """What the next start takes.

    Attributes:
        name: of the bundle's folder; empty: the networks of the software.
        is_confirmed: it measured as it must after a start of the station.
        starts: with it, before it was confirmed.
        previous: what the box goes back to; empty: the networks of the software.
        reason: why it went back the last time; kept until the next change.
    """

    name: str = ""
    is_confirmed: bool = True
    starts: int = 0
    previous: str = ""
    reason: str = ""


class EngineBundles:
    """The bundles of one data folder. Every method raises StoreError."""

    def __init__(self, data_dir: Path) -> None:
        self._folder, self._file = data_dir / FOLDER_NAME, data_dir / FILE_NAME

    def folder(self, name: str) -> Path:
        """Where a bundle lies, or will."""
        return self._folder / name

    def folders(self) -> tuple[Path, ...]:
        """Of every bundle that was fetched, used or not."""
        return tuple(sorted(one for one in self._folder.glob("*") if one.is_dir()))

    def active(self) -> ActiveBundle:
        """What the next start takes; the software's own where nothing else was ever chosen."""
        try:
            return _active(bounded_loads(self._file.read_bytes()))
        except (FileNotFoundError, NotADirectoryError):
            return ActiveBundle()
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(
                f"{self._file} cannot be read: {error}", "Remove it: the networks of the software run then."
            ) from error

    def weights_dir(self) -> Path | None:
        """Of the active bundle; None: the software's own."""
        name = self.active().name
        return self.folder(name) if name else None

    def choose(self, name: str) -> None:
        """The next start takes this bundle, on trial."""
        now = self.active()
        previous = now.name if now.is_confirmed else now.previous
        self._keep(ActiveBundle(name, is_confirmed=False, previous=previous))

    def count_start(self) -> ActiveBundle:
        """A start of the station begins: a bundle that was not confirmed in time is taken back."""
        now = self.active()
        if now.is_confirmed:
            return now
        if now.starts >= MOST_STARTS:
            return self.go_back(f"the station did not confirm it in {MOST_STARTS} starts")
        self._keep(replace(now, starts=now.starts + 1))
        return self.active()

    def confirm(self) -> None:
        """The active one measures as it must."""
        self._keep(replace(self.active(), is_confirmed=True, starts=0, reason=""))

    def go_back(self, reason: str) -> ActiveBundle:
        """The next start takes what was confirmed before."""
        self._keep(ActiveBundle(self.active().previous, reason=reason))
        return self.active()

    def _keep(self, active: ActiveBundle) -> None:
        try:
            write_durably(self._file, json.dumps(asdict(active)).encode())
        except OSError as error:
            raise StoreError(f"could not write {self._file}: {error.strerror}") from error


def _active(document: Any) -> ActiveBundle:
    """Raises ValueError or TypeError for what no station wrote."""
    active = ActiveBundle(**document)
    kinds = {field.name: type(field.default) for field in fields(ActiveBundle)}
    if wrong := [name for name, kind in kinds.items() if type(getattr(active, name)) is not kind]:
        raise ValueError(f"{wrong[0]} is {getattr(active, wrong[0])!r}")
    if any(Path(name).name != name for name in (active.name, active.previous) if name):
        raise ValueError("a bundle's name is no name of a folder")
    return active
