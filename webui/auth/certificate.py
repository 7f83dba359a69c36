"""The box's own HTTPS certificate: made on the first boot, renewed in time, recognised by its fingerprint."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.domain.errors import SettingsError
from appliance.durable_files import write_durably

# The longest that Apple's devices accept of a certificate which somebody chose to trust
# (support.apple.com/en-us/103769: 825 days).
LIFETIME = timedelta(days=825)
RENEWED_BEFORE = timedelta(days=60)
# Clocks of tablets are allowed to be slow.
_BACKDATED = timedelta(days=1)
_MOST_NAMES = 24


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key on the disk.

    Attributes:
        certificate_file, key_file: PEM.
        fingerprint: SHA-256 as browsers show it, "AB:CD:...".
        names: host names and addresses it is good for.
        expires_at_utc: its last moment.
    """

    certificate_file: Path
    key_file: Path
    fingerprint: str
    names: tuple[str, ...]
    expires_at_utc: datetime


def load_or_make_certificate(folder: Path, names: Iterable[str], now_utc: datetime) -> Certificate:
    """The box's certificate; a new one where there is none, it ends soon, or a name of the box is not in it.

    The key stays the same when the certificate is renewed, and names that it was good for are kept: a box that changes
    between two networks is not told apart. Delete both files to get a new key.

    Raises:
        SettingsError: the files cannot be read, understood or written.
    """
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _load_or_make_key(key_file)
        kept = x509.load_pem_x509_certificate(certificate_file.read_bytes()) if certificate_file.exists() else None
        wanted = tuple(dict.fromkeys(names))
        if kept is None or _must_renew(kept, key, wanted, now_utc):
            known = () if kept is None else _names(kept)
            kept = _sign(key, tuple(dict.fromkeys((*wanted, *known)))[:_MOST_NAMES], now_utc)
            write_durably(certificate_file, kept.public_bytes(serialization.Encoding.PEM), 0o644)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"the certificate in {folder} could not be used: {error}", "Delete the folder to get a new one."
        ) from error
    return Certificate(certificate_file, key_file, fingerprint(kept), _names(kept), kept.not_valid_after_utc)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 over the DER form, as browsers show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _must_renew(
    kept: x509.Certificate, key: ec.EllipticCurvePrivateKey, wanted: tuple[str, ...], now_utc: datetime
) -> bool:
    is_timely = kept.not_valid_before_utc <= now_utc < kept.not_valid_after_utc - RENEWED_BEFORE
    return not is_timely or kept.public_key() != key.public_key() or not set(wanted) <= set(_names(kept))


def _load_or_make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{path} holds no elliptic-curve key")
        return key
    key = ec.generate_private_key(ec.SECP256R1())
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    write_durably(path, pem, 0o600)
    return key


def _sign(key: ec.EllipticCurvePrivateKey, names: tuple[str, ...], now_utc: datetime) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "nailfold"),
            x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64]),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now_utc - _BACKDATED)
        .not_valid_after(now_utc - _BACKDATED + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(str(entry.value) for entry in listed)
