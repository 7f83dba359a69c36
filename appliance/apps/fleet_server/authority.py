"""The certificate authority of a fleet: it signs boxes and servers, and nobody else trusts it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.apps.files.atomic_file import make_writable_folder, write_atomically
from appliance.apps.files.identity import common_name, dotted_name, read_request, write_key
from appliance.domain.errors import SettingsError, StoreError

AUTHORITY_DAYS = 3650
BOX_DAYS = 398
"""The longest that the CA/Browser Forum's baseline allowed for servers; a box renews long before."""
REVOKED_DAYS = 60
"""How long a revocation list holds: Mosquitto lets nobody in with one that has ended."""
_CLOCK_SKEW = timedelta(hours=1)


class Authority:
    """Key, certificate, revocation list and the record of every certificate, in one folder.

    Files: ca.crt, ca.key (for its owner alone), revoked.crl, and issued/SERIAL.crt.

    Raises:
        StoreError: the folder holds no authority that can be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
            self._certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        except (OSError, ValueError) as error:
            raise StoreError(f"{folder} holds no authority: {error}", "Make one: nailfold fleet authority.") from error
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key

    @classmethod
    def make(cls, folder: Path, name: str, now_utc: datetime) -> "Authority":
        """A new one with an empty revocation list. Raises StoreError where there is one already."""
        make_writable_folder(folder)
        if (folder / "ca.key").exists():
            raise StoreError(f"{folder} holds an authority already", "Name another folder.")
        key = ec.generate_private_key(ec.SECP256R1())
        whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = (
            _builder(whose, whose, key.public_key(), now_utc, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(signs, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        write_key(folder / "ca.key", key)
        write_atomically(folder / "ca.crt", certificate.public_bytes(Encoding.PEM))
        made = cls(folder)
        made.revoke((), now_utc)
        return made

    @property
    def revoked_file(self) -> Path:
        return self._folder / "revoked.crl"

    def sign(
        self,
        request: bytes,
        now_utc: datetime,
        days: int = BOX_DAYS,
        hosts: Sequence[str] = (),
        *,
        is_dotted: bool = False,
        of: str | None = None,
    ) -> bytes:
        """The certificate (PEM) for a certificate request (PEM) of a box or server named "SITE/BOX".

        Args:
            hosts: names and addresses under which a broker is reached; for a broker alone.
            is_dotted: its common name is "SITE.BOX", as ejabberd needs it.
            of: who is known to have made the request; it may name nobody else.

        Raises:
            SettingsError: it is no request, is not signed by its own key, its name is no box's, or not that of `of`.
        """
        asked = read_request(request)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        name = common_name(asked.subject)
        if of is not None and name != of:
            raise SettingsError(
                f"the request is for {name}, not for {of}", "Do not sign it: who has made it wants another's place."
            )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, dotted_name(name) if is_dotted else name)])
        builder = (
            _builder(subject, self._certificate.subject, asked.public_key(), now_utc, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        signed = certificate.public_bytes(Encoding.PEM)
        make_writable_folder(self._folder / "issued")
        write_atomically(self._folder / "issued" / f"{certificate.serial_number:x}.crt", signed)
        return signed

    def serials_of(self, name: str) -> tuple[int, ...]:
        """Of every certificate that was signed for that "SITE/BOX"."""
        issued = sorted((self._folder / "issued").glob("*.crt"))
        certificates = (x509.load_pem_x509_certificate(file.read_bytes()) for file in issued)
        return tuple(one.serial_number for one in certificates if common_name(one.subject) in (name, dotted_name(name)))

    def revoke(self, serials: Sequence[int], now_utc: datetime) -> None:
        """Write the revocation list anew, with these added; without any, only to make it last longer.

        The broker must read it again (SIGHUP); a box that is connected stays so until the broker is restarted.
        """
        revoked = {one.serial_number: one for one in self._revoked()}
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now_utc)
            revoked.setdefault(serial, entry.build())
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now_utc - _CLOCK_SKEW)
            .next_update(now_utc + timedelta(days=REVOKED_DAYS))
        )
        for one in revoked.values():
            builder = builder.add_revoked_certificate(one)
        signed = builder.sign(self._key, hashes.SHA256())
        write_atomically(self.revoked_file, signed.public_bytes(Encoding.PEM))
        self.revoked_file.chmod(0o644)

    def _revoked(self) -> list[x509.RevokedCertificate]:
        if not self.revoked_file.exists():
            return []
        return list(x509.load_pem_x509_crl(self.revoked_file.read_bytes()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, now_utc: datetime, days: int
) -> x509.CertificateBuilder:
    """Valid from an hour ago: a box's clock may be slow."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now_utc - _CLOCK_SKEW)
        .not_valid_after(now_utc + timedelta(days=days))
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
