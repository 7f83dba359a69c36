"""Where exports go."""

from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import SettingsError

_LONGEST_AE_TITLE = 16  # PS3.5, value representation AE


@dataclass(frozen=True)
class PacsSettings:
    """The DICOM archive that exams are sent to; without `host` sending is off.

    Attributes:
        host, port: of the archive.
        called_ae_title, calling_ae_title: what the archive is called and what this box calls itself there.
        use_tls: encrypt, and check the archive's certificate; names and pictures travel in the clear otherwise.
        ca_certificate: PEM file of the authority that signed the archive's certificate; None takes the system's.
        certificate, key: PEM files of this box's own certificate, where the archive asks for one; both or neither.
        timeout_s: for connecting and for each answer.
        tries: how often an exam is tried before it is given up.
        first_delay_s: pause before the second try; it doubles with each further one.

    Raises:
        SettingsError: an AE title is too long, or only one of certificate and key is set.
    """

    host: str = ""
    port: int = 104
    called_ae_title: str = "PACS"
    calling_ae_title: str = "NAILFOLD"
    use_tls: bool = False
    ca_certificate: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    timeout_s: float = 20.0
    tries: int = 4
    first_delay_s: float = 2.0

    def __post_init__(self) -> None:
        for title in (self.called_ae_title, self.calling_ae_title):
            if not 0 < len(title.strip()) <= _LONGEST_AE_TITLE or not title.isascii() or "\\" in title:
                raise SettingsError(f"AE title {title!r} cannot be used", "Use 1 to 16 ASCII characters.")
        if (self.certificate is None) != (self.key is None):
            raise SettingsError("only one of pacs.certificate and pacs.key is set", "Set both or neither.")

    @property
    def is_on(self) -> bool:
        return bool(self.host)

    @property
    def name(self) -> str:
        """As a person reads it: "PACS at 10.0.0.5:104"."""
        return f"{self.called_ae_title} at {self.host}:{self.port}"
