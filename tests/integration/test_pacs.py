"""Exams to a real Storage SCP."""

import datetime
import gc
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.domain.errors import ExportError
from appliance.exports.dicom.files import dicom_objects
from appliance.exports.dicom.pacs import PacsRefusedError, PacsUnreachableError, echo
from appliance.exports.dicom.sending import PacsSender, Sending, SendState
from appliance.exports.settings import PacsSettings
from tests.support.archive import Archive
from tests.support.exam_to_export import EXAM_ID, exam_to_export, finished_exam, pixels


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as running:
        yield running


def settings_for(archive: Archive) -> PacsSettings:
    return PacsSettings("127.0.0.1", archive.port, "ARCHIVE", timeout_s=5.0, tries=3, first_delay_s=0.05)


def send(settings: PacsSettings) -> tuple[Sending, list[Sending]]:
    """What became of the exam, and what the journal would be told."""
    told: list[Sending] = []
    sender = PacsSender(settings, told.append)
    sender.start()
    sender.send(EXAM_ID, lambda: list(dicom_objects(exam_to_export(*finished_exam()))))
    deadline = time.monotonic() + 30
    while not told and time.monotonic() < deadline:
        time.sleep(0.02)
    sender.stop()
    found = sender.sending(EXAM_ID)
    assert found is not None
    return found, told


def test_an_archive_that_answers_passes_the_test(archive: Archive) -> None:
    echo(settings_for(archive))


def test_every_object_arrives_unchanged(archive: Archive) -> None:
    sent, told = send(settings_for(archive))
    assert (sent.state, sent.stored, sent.total, sent.tries) == (SendState.SENT, 4, 4, 1)
    assert told == [sent]
    assert [one.Modality for one in archive.received] == ["XC", "XC", "XC", "SR"]
    for at, dataset in enumerate(archive.received[:3]):
        assert np.array_equal(dataset.pixel_array, pixels(at))


def test_an_archive_that_is_full_for_a_moment_is_tried_again(archive: Archive) -> None:
    archive.fail_first = 2
    sent, _ = send(settings_for(archive))
    assert (sent.state, sent.tries, len(archive.received)) == (SendState.SENT, 3, 4)


def test_a_refusal_is_told_with_its_status_and_not_tried_again(archive: Archive) -> None:
    archive.status = 0xC001
    sent, _ = send(settings_for(archive))
    assert (sent.state, sent.tries) == (SendState.FAILED, 1)
    assert "refused an object (status 0xC001)" in sent.message


def test_a_wrong_title_is_told_as_such(archive: Archive) -> None:
    with pytest.raises(PacsRefusedError, match="called ae title not recognised") as caught:
        echo(replace(settings_for(archive), called_ae_title="WRONG"))
    assert "AE titles" in caught.value.remedy


def test_an_unknown_caller_is_told_as_such() -> None:
    with Archive(required_caller="KNOWN") as archive, pytest.raises(PacsRefusedError, match="calling ae title"):
        echo(settings_for(archive))


def test_no_archive_at_the_address_is_tried_as_often_as_set() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = PacsSettings("127.0.0.1", port, timeout_s=2.0, tries=2, first_delay_s=0.05)
    with pytest.raises(PacsUnreachableError, match=f"127.0.0.1:{port} did not answer"):
        echo(settings)
    sent, _ = send(settings)
    assert (sent.state, sent.tries) == (SendState.FAILED, 2)


def test_without_an_archive_in_the_settings_sending_says_what_to_set() -> None:
    with pytest.raises(ExportError, match="no DICOM archive is set"):
        echo(PacsSettings())


# The server's side of a failed handshake is left open by pynetdicom.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls_protects_the_way_and_refuses_a_stranger(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "own")
    stranger, _ = make_certificate(tmp_path, "stranger")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    with Archive(tls=server) as archive:
        encrypted = replace(settings_for(archive), use_tls=True, ca_certificate=certificate)
        echo(encrypted)
        assert send(encrypted)[0].state is SendState.SENT
        with pytest.raises(PacsUnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
            echo(replace(encrypted, ca_certificate=stranger, timeout_s=2.0))
        with pytest.raises(PacsUnreachableError):
            echo(replace(encrypted, use_tls=False, timeout_s=2.0))
    gc.collect()


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file
