"""Keys, names and certificate requests of boxes and servers."""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from appliance.apps.files.atomic_file import write_atomically
from appliance.domain.box_topics import ROOT, place_of
from appliance.domain.errors import SettingsError


def make_request(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    """The certificate request (PEM) of a box named "SITE/BOX"; the key does not leave the computer it is made on.

    Raises:
        SettingsError: that is no box's name.
    """
    _require_name(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return built.public_bytes(Encoding.PEM)


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """PEM without a password, for its owner alone. Raises ExportError."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(path, b"")
    path.chmod(0o600)  # before the key is in it
    path.write_bytes(pem)


def common_name(subject: x509.Name) -> str:
    """Empty where there is none, or more than one."""
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else ""


def dotted_name(name: str) -> str:
    """ "SITE.BOX" of "SITE/BOX", for brokers whose users can have no slash; neither part can have a dot."""
    return name.replace("/", ".")


def read_request(request: bytes) -> x509.CertificateSigningRequest:
    """A request (PEM) that was signed by its own key, for a name that a box can have.

    Raises:
        SettingsError: it is none.
    """
    try:
        asked = x509.load_pem_x509_csr(request)
        is_own = asked.is_signature_valid
    except (ValueError, InvalidSignature) as error:
        raise SettingsError(f"this is no certificate request: {error}") from error
    if not is_own:
        raise SettingsError("the request is not signed by the key that it names", "Make a new one on the box.")
    _require_name(common_name(asked.subject))
    return asked


def _require_name(name: str) -> None:
    if name.count("/") != 1 or place_of(f"{ROOT}/{name}/state") is None:
        raise SettingsError(
            f"the request is for {name!r}", 'A name is "SITE/BOX" of letters, digits, dashes and underscores.'
        )
