"""The power goes while a box takes a new certificate into use."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from appliance.apps.fleet_server.authority import Authority
from appliance.apps.station.fleet import certificate_rotation
from appliance.apps.station.fleet.certificate_rotation import CertificateRotation
from appliance.fleet.job_runner import StepContext
from appliance.fleet.jobs import Job, JobStep
from appliance.transport.settings import MqttSettings

NOON = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
NAME = "clinic-1/box-7"


class PowerCutError(BaseException):
    """Nothing of this process handles it."""


class Box:
    """A certificate in use, a new key, and a signed certificate for it."""

    def __init__(self, folder: Path) -> None:
        self.mqtt = MqttSettings(
            site="clinic-1",
            box="box-7",
            client_certificate_file=folder / "box.crt",
            client_key_file=folder / "box.key",
        )
        self.certificate, self.key = folder / "box.crt", folder / "box.key"
        authority = Authority.make(folder / "authority", "a fleet", NOON)
        for _ in range(2):
            asked = StepContext(self._job({}))
            self.certificate.touch()
            self.rotation().request(asked)
            signed = authority.sign(str(asked.detail["request"]).encode(), NOON)
            if not self.key.exists():
                (folder / "box.key.new").replace(self.key)
                self.certificate.write_bytes(signed)
        self.old = (self.certificate.read_bytes(), self.key.read_bytes())
        self.signed = signed

    def rotation(self, is_connected: Callable[[], bool] = lambda: True) -> CertificateRotation:
        return CertificateRotation(self.mqtt, lambda: None, is_connected)

    def install(self) -> None:
        self.rotation().install(StepContext(self._job({"certificate": self.signed.decode()}), threading.Event()))

    def is_a_pair(self) -> bool:
        certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        key = load_pem_private_key(self.key.read_bytes(), None)
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return certificate.public_key().public_bytes(*form) == key.public_key().public_bytes(*form)

    def _job(self, parameters: dict[str, str]) -> Job:
        step = JobStep(name="install", timeout_s=9.0)
        return Job(
            job_id="j", version=1, kind="k", parameters=dict(parameters), steps=(step,), ts="2026-12-01T12:00:00.000Z"
        )


@contextmanager
def power_that_goes(monkeypatch: pytest.MonkeyPatch, before_change: int) -> Iterator[None]:
    """Before the so-many-th change of a file; changes are written and deleted files."""
    left = [before_change]

    def cut(change: Callable[..., None]) -> Callable[..., None]:
        def changed(path: Path, *arguments: object, **named: object) -> None:
            left[0] -= path.suffix != ".part"  # what is written before it takes its place is no file yet
            if left[0] < 0:
                raise PowerCutError
            change(path, *arguments, **named)

        return changed

    with monkeypatch.context() as patched:
        patched.setattr(certificate_rotation, "write_durably", cut(certificate_rotation.write_durably))
        patched.setattr(Path, "unlink", cut(Path.unlink))
        yield


@pytest.mark.parametrize("before_change", range(8))
def test_the_power_goes_before_each_change_of_a_file_and_the_box_has_one_whole_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before_change: int
) -> None:
    box = Box(tmp_path)
    try:
        with power_that_goes(monkeypatch, before_change):
            box.install()
    except PowerCutError:
        assert before_change < 7
    else:
        assert before_change == 7, "a change was added: cut the power before that one too"
    for again in range(6):  # the start that puts it right is interrupted as well
        try:
            with power_that_goes(monkeypatch, again):
                box.rotation().recover()
        except PowerCutError:
            continue
        break

    assert box.is_a_pair()
    assert not list(tmp_path.glob("*.old"))
    if before_change <= 4:
        assert (box.certificate.read_bytes(), box.key.read_bytes()) == box.old
    assert box.key.stat().st_mode & 0o077 == 0


def test_a_start_without_an_interrupted_rotation_changes_nothing(tmp_path: Path) -> None:
    box = Box(tmp_path)

    box.rotation().recover()

    assert (box.certificate.read_bytes(), box.key.read_bytes()) == box.old
