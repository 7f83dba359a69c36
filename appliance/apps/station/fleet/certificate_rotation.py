"""A new certificate for the broker, made and tried without anybody at the box."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.files.identity import common_name, dotted_name, make_request, write_key
from appliance.domain.errors import SettingsError
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
        for file in (certificate_file, key_file):
            shutil.copy2(file, _beside(file, "old"))
        write_atomically(certificate_file, pem)
        new_key.replace(key_file)
        self._reconnect()
        while not self._is_connected():
            if context.is_over.wait(_POLL_S) or self._took_too_long(context):
                for file in (certificate_file, key_file):
                    _beside(file, "old").replace(file)
                self._reconnect()
                raise SettingsError("the broker does not let this box in with the new certificate; the old one is back")
        for file in (certificate_file, key_file):
            _beside(file, "old").unlink()

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


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(f"{file.name}.{ending}")
