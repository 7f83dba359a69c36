"""Settings of the web pages."""

from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import SettingsError


@dataclass(frozen=True)
class WebSettings:
    """Where the pages are served and how patient they are.

    Attributes:
        host: address to listen on. The default is this machine alone; "0.0.0.0" opens it to the clinic's network.
        port: TCP port; 0 takes a free one (for tests).
        session_lifetime_h: an unlocked browser stays unlocked for this long after its last request.
        free_tries: wrong access codes from one address before it has to wait.
        first_delay_s, longest_delay_s: the wait after those; it doubles with each further wrong code.
        overlay_stale_ms: boxes of a picture older than this are hidden.
        picture_stale_ms: a picture older than this is dimmed and called not live.
        status_interval_s: the station's state is sent at least this often, and at once when it changes.
        tls_certificate, tls_key: PEM files; both or neither. With them the pages are served over HTTPS alone.

    Raises:
        SettingsError: only one of the two TLS files is set.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    session_lifetime_h: float = 12.0
    free_tries: int = 5
    first_delay_s: float = 5.0
    longest_delay_s: float = 300.0
    overlay_stale_ms: int = 500
    picture_stale_ms: int = 1500
    status_interval_s: float = 1.0
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        if (self.tls_certificate is None) != (self.tls_key is None):
            given, missing = ("tls_key", "tls_certificate") if self.tls_key else ("tls_certificate", "tls_key")
            raise SettingsError(f"{given} is set and {missing} is not", "Set both for HTTPS, or neither.")

    @property
    def is_tls(self) -> bool:
        return self.tls_certificate is not None
