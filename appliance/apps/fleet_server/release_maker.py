"""Releases: TUF repositories of engine bundles, signed by four keys that need never be on one computer."""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from appliance.apps.files.atomic_file import make_writable_folder, write_atomically
from appliance.domain.errors import SettingsError
from appliance.domain.instant import to_rfc3339

ROLES = ("root", "targets", "snapshot", "timestamp")
LASTS: Mapping[str, timedelta] = {
    "root": timedelta(days=730),
    "targets": timedelta(days=365),
    "snapshot": timedelta(days=90),
    "timestamp": timedelta(days=30),
}
"""How long a box believes each: so long can somebody withhold a newer release from it (freeze)."""
BUNDLE_FILES = ("manifest.json", "detector.onnx", "keypoints.onnx")
SYSTEM_FILE = "system.raucb"
MADE_AT = "x-nailfold-made-at"


class ReleaseMaker:
    """Writes metadata/ and targets/ below one folder.

    Args:
        folder: what a web server or a USB stick offers.
        keys: folder with root.pem, targets.pem, snapshot.pem and timestamp.pem; made by `make`.

    Raises:
        SettingsError: a key is missing.
    """

    def __init__(self, folder: Path, keys: Path) -> None:
        self._folder, self._keys = folder, keys

    def make(self, now_utc: datetime) -> None:
        """New keys and an empty release. Raises SettingsError where there is one already."""
        if (self._folder / "metadata").exists() or (self._keys / "root.pem").exists():
            raise SettingsError(f"there is a release in {self._folder}, or keys in {self._keys}", "Name new folders.")
        make_writable_folder(self._keys)
        self._keys.chmod(0o700)
        for role in ROLES:
            file = self._keys / f"{role}.pem"
            write_atomically(file, b"")
            file.chmod(0o600)
            key = CryptoSigner.generate_ed25519()._private_key
            file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        root = Root(version=1, expires=now_utc + LASTS["root"], consistent_snapshot=True)
        for role in ROLES:
            root.add_key(self._signer(role).public_key, role)
        self._write(Metadata(root), "root", "1.root.json")
        targets = Metadata(Targets())
        self._publish(targets, None, None, now_utc)

    def add_bundle(self, name: str, weights: Path, now_utc: datetime) -> None:
        """A new version of the release, with this folder of networks as "engines/NAME"."""
        targets = self._newest("targets")
        for file_name in BUNDLE_FILES:
            path = f"engines/{name}/{file_name}"
            if path in targets.signed.targets:
                raise SettingsError(f"the release has engines/{name} already", "A bundle is never changed.")
            try:
                content = (weights / file_name).read_bytes()
            except OSError as error:
                raise SettingsError(f"cannot read {weights / file_name}: {error.strerror}") from error
            target = TargetFile.from_data(path, content, ["sha256"])
            targets.signed.targets[path] = target
            place = self._folder / "targets" / "engines" / name / f"{target.hashes['sha256']}.{file_name}"
            make_writable_folder(place.parent)
            write_atomically(place, content)
        self._publish(targets, self._newest("snapshot"), self._newest("timestamp"), now_utc)

    def add_system(self, name: str, bundle: Path, now_utc: datetime) -> None:
        """A new version of the release, with this bundle of RAUC as "system/NAME"."""
        targets, path = self._newest("targets"), f"system/{name}/{SYSTEM_FILE}"
        if path in targets.signed.targets:
            raise SettingsError(f"the release has system/{name} already", "A bundle is never changed.")
        try:
            target = TargetFile.from_file(path, str(bundle), ["sha256"])
            place = self._folder / "targets" / "system" / name / f"{target.hashes['sha256']}.{SYSTEM_FILE}"
            make_writable_folder(place.parent)
            # Hundreds of megabytes: not through memory, and there whole before any metadata names it.
            shutil.copyfile(bundle, place.with_suffix(".part"))
            place.with_suffix(".part").replace(place)
        except (OSError, ValueError) as error:
            raise SettingsError(f"cannot take {bundle} over: {error}") from error
        targets.signed.targets[path] = target
        self._publish(targets, self._newest("snapshot"), self._newest("timestamp"), now_utc)

    def renew(self, now_utc: datetime) -> None:
        """The same release, believed for as long again; to be done well within 30 days."""
        self._publish(self._newest("targets"), self._newest("snapshot"), self._newest("timestamp"), now_utc)

    @property
    def root_file(self) -> Path:
        """For `fleet.update_root` of the boxes."""
        return self._folder / "metadata" / "1.root.json"

    def _publish(
        self,
        targets: "Metadata[Targets]",
        snapshot: "Metadata[Snapshot] | None",
        timestamp: "Metadata[Timestamp] | None",
        now_utc: datetime,
    ) -> None:
        is_first = snapshot is None
        snapshot, timestamp = snapshot or Metadata(Snapshot()), timestamp or Metadata(Timestamp())
        for role, one in (("targets", targets), ("snapshot", snapshot), ("timestamp", timestamp)):
            one.signed.version += not is_first
            one.signed.expires = now_utc.replace(microsecond=0) + LASTS[role]
        snapshot.signed.meta["targets.json"] = MetaFile(targets.signed.version)
        timestamp.signed.snapshot_meta = MetaFile(snapshot.signed.version)
        timestamp.signed.unrecognized_fields[MADE_AT] = to_rfc3339(now_utc)
        self._write(targets, "targets", f"{targets.signed.version}.targets.json")
        self._write(snapshot, "snapshot", f"{snapshot.signed.version}.snapshot.json")
        self._write(timestamp, "timestamp", "timestamp.json")

    def _newest(self, role: str) -> "Metadata[Any]":
        files = (self._folder / "metadata").glob(f"*{role}.json")
        versions = sorted(files, key=lambda file: json.loads(file.read_text("utf-8"))["signed"]["version"])
        if not versions:
            raise SettingsError(f"there is no release in {self._folder}", "Make one: nailfold fleet release make.")
        return Metadata.from_file(str(versions[-1]))

    def _write(self, metadata: "Metadata[Any]", role: str, name: str) -> None:
        metadata.sign(self._signer(role))
        make_writable_folder(self._folder / "metadata")
        write_atomically(self._folder / "metadata" / name, metadata.to_bytes())

    def _signer(self, role: str) -> CryptoSigner:
        file = self._keys / f"{role}.pem"
        try:
            return CryptoSigner(load_pem_private_key(file.read_bytes(), None))
        except (OSError, ValueError) as error:
            raise SettingsError(f"cannot read the key {file}: {error}") from error
