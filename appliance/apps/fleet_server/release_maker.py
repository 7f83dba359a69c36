"""Releases: TUF repositories of engine and system bundles, signed by keys that need never be on one computer."""

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from appliance.apps.config.engine_bundle import BUNDLE_FILES, REDUCED_FILES
from appliance.apps.files.atomic_file import make_writable_folder, write_atomically
from appliance.apps.fleet_server.release_keys import ROLES, ReleaseKeys
from appliance.domain.counted import counted
from appliance.domain.errors import InferenceError, SettingsError
from appliance.domain.instant import to_rfc3339
from appliance.inference.engine_set import open_int8
from appliance.inference.settings import InferenceSettings

LASTS: Mapping[str, timedelta] = {
    "root": timedelta(days=730),
    "targets": timedelta(days=365),
    "snapshot": timedelta(days=90),
    "timestamp": timedelta(days=30),
}
"""How long a box believes each: so long can somebody withhold a newer release from it (freeze)."""
SYSTEM_FILE = "system.raucb"
MADE_AT = "x-nailfold-made-at"


class ReleaseMaker:
    """Writes metadata/ and targets/ below one folder.

    Args:
        folder: what a web server or a USB stick offers.
        keys: folder with the private keys, as `ReleaseKeys` names them; made by `make`.

    Raises:
        SettingsError: a key is missing.
    """

    def __init__(self, folder: Path, keys: Path) -> None:
        self._folder, self._keys = folder, ReleaseKeys(keys)

    def make(self, now_utc: datetime, root_keys: int = 1, threshold: int = 1) -> None:
        """New keys and an empty release.

        Args:
            root_keys: so many keys may sign a new root, of which `threshold` must.

        Raises:
            SettingsError: there is one already, or the threshold is above the number of keys.
        """
        if not 1 <= threshold <= root_keys:
            raise SettingsError(f"{threshold} of {root_keys} root keys cannot be asked for", "Use 2 of 3, say.")
        if (self._folder / "metadata").exists() or self._keys.are_there:
            raise SettingsError(f"there is a release in {self._folder}, or keys for one", "Name new folders.")
        root = Root(version=1, expires=now_utc + LASTS["root"], consistent_snapshot=True)
        for role in ROLES:
            for signer in self._keys.make(role, root_keys if role == "root" else 1):
                root.add_key(signer.public_key, role)
        root.roles["root"].threshold = threshold
        self._write_root(Metadata(root), self._keys.signers("root"))
        self._publish(Metadata(Targets()), None, None, now_utc)

    def rotate(self, role: str, now_utc: datetime) -> int:
        """New keys for one role, in a new root; its version. The old keys are moved into a folder of their own.

        A new root is signed by the threshold of the old keys and by all new ones, so a box follows however many it has
        missed, as long as every root stays in the release.

        Raises:
            SettingsError: too few of the old root keys are there; nothing is changed then.
        """
        root: Metadata[Root] = self._newest("root")
        old = self._root_signers(root)
        new = self._keys.make_next(role, len(root.signed.roles[role].keyids))
        for key_id in list(root.signed.roles[role].keyids):
            root.signed.revoke_key(key_id, role)
        for signer in new:
            root.signed.add_key(signer.public_key, role)
        version = self._next_root(root, [*old, *(new if role == "root" else ())], now_utc)
        self._keys.take_next(role, version - 1)
        if role != "root":
            self.renew(now_utc)
        return version

    def renew_root(self, now_utc: datetime) -> int:
        """The same keys, believed for as long again; the new version. Raises SettingsError: too few are there."""
        root: Metadata[Root] = self._newest("root")
        return self._next_root(root, self._root_signers(root), now_utc)

    def root_ends(self) -> datetime:
        """When no box believes the root any more. Raises SettingsError where there is no release."""
        ends: datetime = self._newest("root").signed.expires
        return ends

    def _root_signers(self, root: "Metadata[Root]") -> list[CryptoSigner]:
        """Those of the keys that are there which may sign it."""
        role = root.signed.roles["root"]
        found = [one for one in self._keys.signers("root") if one.public_key.keyid in role.keyids]
        if len(found) < role.threshold:
            raise SettingsError(
                f"{counted(len(found), 'root key is', 'root keys are')} there, {role.threshold} must sign",
                "Put the others beside them.",
            )
        return found

    def _next_root(self, root: "Metadata[Root]", signers: Sequence[CryptoSigner], now_utc: datetime) -> int:
        root.signed.version += 1
        root.signed.expires = now_utc.replace(microsecond=0) + LASTS["root"]
        self._write_root(root, signers)
        return int(root.signed.version)

    def _write_root(self, root: "Metadata[Root]", signers: Sequence[CryptoSigner]) -> None:
        root.signatures.clear()
        for signer in signers:
            root.sign(signer, append=True)
        make_writable_folder(self._folder / "metadata")
        write_atomically(self._folder / "metadata" / f"{root.signed.version}.root.json", root.to_bytes())

    def add_bundle(self, name: str, weights: Path, now_utc: datetime) -> None:
        """A new version of the release, with this folder of networks as "engines/NAME", in 8 bits where they are there.

        Raises:
            SettingsError: a file cannot be read, networks in 8 bits are made from others, or the name is taken.
        """
        targets = self._newest("targets")
        for file_name in (*BUNDLE_FILES, *_reduced_files(weights)):
            path = f"engines/{name}/{file_name}"
            _require_new(targets, path)
            try:
                content = (weights / file_name).read_bytes()
            except OSError as error:
                raise SettingsError(f"cannot read {weights / file_name}: {error.strerror}") from error
            target = TargetFile.from_data(path, content, ["sha256"])
            targets.signed.targets[path] = target
            write_atomically(self._place(target), content)
        self._publish(targets, self._newest("snapshot"), self._newest("timestamp"), now_utc)

    def add_system(self, name: str, bundle: Path, now_utc: datetime) -> None:
        """A new version of the release, with this bundle of RAUC as "system/NAME"."""
        targets, path = self._newest("targets"), f"system/{name}/{SYSTEM_FILE}"
        _require_new(targets, path)
        try:
            target = TargetFile.from_file(path, str(bundle), ["sha256"])
            place = self._place(target)
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

    def _place(self, target: TargetFile) -> Path:
        """Where a target's bytes lie, by their digest (TUF's consistent snapshots); its folder is made."""
        folder, _, file_name = target.path.rpartition("/")
        place = self._folder / "targets" / folder / f"{target.hashes['sha256']}.{file_name}"
        make_writable_folder(place.parent)
        return place

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
        (signer,) = self._keys.signers(role)
        metadata.sign(signer)
        write_atomically(self._folder / "metadata" / name, metadata.to_bytes())


def _require_new(targets: "Metadata[Targets]", path: str) -> None:
    if path in targets.signed.targets:
        raise SettingsError(f"the release has {path.rpartition('/')[0]} already", "A bundle is never changed.")


def _reduced_files(weights: Path) -> tuple[str, ...]:
    """Those of the networks in 8 bits, all or none."""
    if not any((weights / name).exists() for name in REDUCED_FILES):
        return ()
    try:
        open_int8(InferenceSettings(weights_dir=weights), weights)
    except InferenceError as error:
        raise SettingsError(f"the networks in 8 bits beside them do not fit: {error.message}", error.remedy) from error
    return REDUCED_FILES
