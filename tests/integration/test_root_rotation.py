"""The keys of a release are replaced and every box follows; a root that the old keys did not sign is refused."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root

from appliance.apps.cli import main
from appliance.apps.fleet_server.release_maker import SYSTEM_FILE, ReleaseMaker
from appliance.apps.station.fleet.update_client import UpdateClient
from appliance.domain.errors import SettingsError, UpdateError

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)


class Fleet:
    """A release with two of three root keys, and a box that has taken s-1 from it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, NOW
        self.release, self.keys = folder / "release", folder / "keys"
        self.maker = ReleaseMaker(self.release, self.keys)
        self.maker.make(NOW, root_keys=3, threshold=2)
        self.root = self.maker.root_file.read_bytes()
        self.add("s-1")
        self.fetch("s-1")

    def add(self, name: str) -> None:
        (self.folder / "bundle").write_bytes(f"the system {name}".encode())
        self.maker.add_system(name, self.folder / "bundle", self.now)

    def fetch(self, name: str, box: str = "box") -> bytes:
        """By a box of that name, whose software came with the first root."""
        place = self.folder / box
        client = UpdateClient(
            self.root, place / "seen", f"file://{self.release}", lambda: self.now, lambda: NOW, lambda _: None
        )
        client.fetch(f"system/{name}", (SYSTEM_FILE,), place / name)
        return (place / name / SYSTEM_FILE).read_bytes()

    def offer(self, signers: list[CryptoSigner]) -> None:
        """A second root with a key of somebody's own, signed by these."""
        root: Metadata[Root] = Metadata.from_file(str(self.release / "metadata/1.root.json"))
        root.signed.version = 2
        for key_id in list(root.signed.roles["root"].keyids):
            root.signed.revoke_key(key_id, "root")
        root.signed.roles["root"].threshold = 1
        root.signed.add_key(NEW_KEY.public_key, "root")
        root.signatures.clear()
        for signer in signers:
            root.sign(signer, append=True)
        root.to_file(str(self.release / "metadata/2.root.json"))


NEW_KEY = CryptoSigner.generate_ed25519()


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_box_that_was_off_through_two_rotations_follows(fleet: Fleet) -> None:
    assert fleet.maker.rotate("root", NOW) == 2
    assert fleet.maker.rotate("root", NOW + timedelta(days=300)) == 3
    fleet.now = NOW + timedelta(days=320)
    fleet.add("s-2")
    assert fleet.fetch("s-2") == b"the system s-2"
    assert fleet.fetch("s-2", "a new box with old software") == b"the system s-2"


def test_every_key_of_the_release_can_be_replaced(fleet: Fleet) -> None:
    for version, role in enumerate(("targets", "snapshot", "timestamp"), 2):
        assert fleet.maker.rotate(role, NOW) == version
        fleet.add(f"s-{version}")
        assert fleet.fetch(f"s-{version}")


def test_root_that_the_new_key_alone_has_signed_is_refused(fleet: Fleet) -> None:
    fleet.offer([NEW_KEY])
    fleet.add("s-2")
    with pytest.raises(UpdateError, match="not signed by the keys of this box's fleet"):
        fleet.fetch("s-2")
    assert not (fleet.folder / "box/s-2").exists()


def test_root_that_too_few_of_the_old_keys_have_signed_is_refused(fleet: Fleet) -> None:
    """One stolen key of two that must sign."""
    fleet.offer([NEW_KEY, fleet.maker._keys.signers("root")[0]])
    with pytest.raises(UpdateError, match="not signed by the keys"):
        fleet.fetch("s-1")


def test_root_that_the_old_keys_have_signed_but_not_its_own_is_refused(fleet: Fleet) -> None:
    fleet.offer(fleet.maker._keys.signers("root"))
    with pytest.raises(UpdateError, match="not signed by the keys"):
        fleet.fetch("s-1")


def test_retired_keys_sign_no_further_root(fleet: Fleet) -> None:
    fleet.maker.rotate("root", NOW)
    fleet.fetch("s-1")
    for file in (fleet.keys / "retired-root-1").iterdir():
        file.replace(fleet.keys / file.name)
    with pytest.raises(SettingsError, match="0 root keys are there, 2 must sign"):
        fleet.maker.rotate("root", NOW)


def test_rotation_without_enough_keys_changes_nothing(fleet: Fleet) -> None:
    for name in ("root-2.pem", "root-3.pem"):
        (fleet.keys / name).unlink()
    before = sorted((fleet.release / "metadata").iterdir())
    with pytest.raises(SettingsError, match="1 root key is there, 2 must sign"):
        fleet.maker.rotate("targets", NOW)
    assert sorted((fleet.release / "metadata").iterdir()) == before
    assert not (fleet.keys / "next").exists()


def test_root_is_renewed_before_it_ends(fleet: Fleet) -> None:
    fleet.now = NOW + timedelta(days=731)
    fleet.maker.renew(fleet.now)
    with pytest.raises(UpdateError, match="it has expired"):
        fleet.fetch("s-1")
    assert fleet.maker.renew_root(fleet.now) == 2
    assert fleet.fetch("s-1") == b"the system s-1"


def run(*words: object) -> str:
    done = CliRunner().invoke(main, ["fleet", "release", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.output


def test_keys_are_replaced_by_commands(tmp_path: Path) -> None:
    release, keys = tmp_path / "release", tmp_path / "keys"
    run("make", release, "--keys", keys, "--root-keys", 3, "--threshold", 2)
    first = (keys / "root.pem").read_bytes()
    assert run("rotate", release, "--keys", keys, "root") == (
        "root 2; the old keys of root are in retired-root-1: destroy them\n"
    )
    assert (keys / "retired-root-1/root.pem").read_bytes() == first != (keys / "root.pem").read_bytes()
    assert {file.stat().st_mode & 0o777 for file in keys.rglob("*.pem")} == {0o600}
    assert run("renew", release, "--keys", keys) == ""
    assert run("renew-root", release, "--keys", keys) == "root 3\n"
    refused = CliRunner().invoke(main, ["fleet", "release", "make", str(tmp_path / "x"), "--keys", str(tmp_path / "y"),
                                        "--threshold", "2"])  # fmt: skip
    assert refused.exit_code == 1
    assert "2 of 1 root keys cannot be asked for" in refused.output
