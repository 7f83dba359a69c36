"""A new certificate for the broker, made and tried without anybody at the box."""

import stat
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from appliance.apps.files.identity import common_name, dotted_name, make_request, write_key
from appliance.domain.errors import SettingsError, StoreError
from appliance.durable_files import sync_folder, write_durably
from appliance.fleet.job_runner import StepContext
from appliance.transport.settings import MqttSettings

_POLL_S = 0.1


class CertificateRotation:
    """The two halves of a rotation; between them the fleet signs.

    Args:
        reconnect: leave the broker and come back.
        is_connected: whether the box is at the broker.
    """

    def __init__(self, mqtt: MqttSettings, reconnect: Callable[[], None], is_connected: Callable[[], bool]) -> None:
        self._mqtt, self._reconnect, self._is_connected = mqtt, reconnect, is_connected

    def request(self, context: StepContext) -> None:
        """A new key, which stays on the box, and the request for its certificate as the job's detail."""
        _, key_file = self._files()
        key = ec.generate_private_key(ec.SECP256R1())
        write_key(_beside(key_file, "new"), key)
        context.detail["request"] = make_request(key, f"{self._mqtt.site}/{self._mqtt.box}").decode()

    def install(self, context: StepContext) -> None:
        """Take the signed certificate into use; without a connection by it, the old one is put back.

        Raises:
            SettingsError: it is not for the key that was made here, or the broker does not let the box in with it.
        """
        certificate_file, key_file = self._files()
        new_key = _beside(key_file, "new")
        pem = str(context.job.parameters.get("certificate", "")).encode()
        self._require_fit(pem, new_key)
        try:
            for file in (certificate_file, key_file):
                _put(_beside(file, "old"), file.read_bytes(), like=file)
            _put(certificate_file, pem, like=certificate_file)
            _put(key_file, new_key.read_bytes(), like=key_file)
        except OSError as error:
            self.recover()
            raise SettingsError(f"the new certificate cannot be kept: {error.strerror}", "Check the disk.") from error
        self._reconnect()
        while not self._is_connected():
            if context.is_over.wait(_POLL_S) or self._took_too_long(context):
                self.recover()
                self._reconnect()
                raise SettingsError("the broker does not let this box in with the new certificate; the old one is back")
        self._forget()
        new_key.unlink(missing_ok=True)

    def recover(self) -> None:
        """Put the old certificate and its key back where a rotation did not come to its end: a power cut, a full disk.

        To be called before the broker is first asked: a certificate that lies beside another's key, or that no broker
        has ever taken, would keep the box away for ever. Interrupted itself, it is done again at the next start.

        Raises:
            StoreError: the disk refuses.
        """
        if self._mqtt.client_certificate_file is None or self._mqtt.client_key_file is None:
            return
        files = self._files()
        try:
            # Both were kept before either was changed, and the certificate's is the first to go: see _forget.
            if all(_beside(file, "old").exists() for file in files):
                for file in files:
                    _put(file, _beside(file, "old").read_bytes(), like=_beside(file, "old"))
            self._forget()
        except OSError as error:
            raise StoreError(f"the certificate of this box cannot be put back: {error}", "Check the disk.") from error

    def _forget(self) -> None:
        """The pair in force is the one to keep."""
        for file in self._files():
            _beside(file, "old").unlink(missing_ok=True)
            sync_folder(file.parent)

    def _took_too_long(self, context: StepContext) -> bool:
        """A little before the step's own end, so that the old one is back in time."""
        step = next(step for step in context.job.steps if step.name == "install")
        return time.monotonic() - context.began_s > 0.7 * step.timeout_s

    def _files(self) -> tuple[Path, Path]:
        if self._mqtt.client_certificate_file is None or self._mqtt.client_key_file is None:
            raise SettingsError("this box has no certificate for the broker", "Set mqtt.client_certificate_file.")
        return self._mqtt.client_certificate_file, self._mqtt.client_key_file

    def _require_fit(self, pem: bytes, new_key: Path) -> None:
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = load_pem_private_key(new_key.read_bytes(), None)
        except (ValueError, OSError) as error:
            raise SettingsError(f"the certificate or the new key cannot be read: {error}") from error
        as_bytes = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if certificate.public_key().public_bytes(*as_bytes) != key.public_key().public_bytes(*as_bytes):
            raise SettingsError("the certificate is not for the key that was made on this box")
        name = f"{self._mqtt.site}/{self._mqtt.box}"
        if common_name(certificate.subject) not in (name, dotted_name(name)):
            raise SettingsError(f"the certificate is for {common_name(certificate.subject)!r}, not for this box")


def _put(path: Path, content: bytes, like: Path) -> None:
    write_durably(path, content, stat.S_IMODE(like.stat().st_mode))


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(f"{file.name}.{ending}")
