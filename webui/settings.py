"""Settings of the web pages."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.domain.errors import SettingsError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
EVERY_ADDRESS = "::"
"""Of IPv4 and IPv6."""


class Tls(Enum):
    """Whether the pages are served over HTTPS."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True)
class WebSettings:
    """Where the pages are served and how patient they are.

    Attributes:
        host: address to listen on. The default is this machine alone; "::" opens it to the clinic's network,
            "0.0.0.0" to its IPv4 alone.
        port: TCP port; 0 takes a free one (for tests).
        session_idle_h: a browser has to log in again this long after the last thing that was done in it.
        session_longest_h: and this long after it logged in, whatever was done.
        free_tries: wrong passwords from one address, or for one account, before the next has to wait.
        first_delay_s, longest_delay_s: the wait after those; it doubles with each further wrong one.
        overlay_stale_ms: boxes of a picture older than this are hidden.
        picture_stale_ms: a picture older than this is dimmed and called not live.
        status_interval_s: the station's state is sent at least this often, and at once when it changes.
        capture_keys, undo_keys: what a foot pedal sends, as browsers name keys (KeyboardEvent.key): a pedal is a
            keyboard to the computer. " " is the space bar.
        tls: "auto": HTTPS, except on this machine alone; "on": always; "off": never.
        tls_certificate, tls_key: the site's own PEM files; both or neither. Without them the box makes its own.
        names: under which the pages are opened beside the box's own name and its addresses: a name in the clinic's
            DNS, or that of a proxy. Other names are refused.
        connections_per_address, connections: open at the same time; a browser opens seven.
        head_timeout_s: within which a request's head has to arrive.
        body_timeout_s: within which a form has to arrive, and the longest silence within an upload.
        send_timeout_s: a browser that takes nothing of an answer for so long is let go.
        plain_http_on_network: with tls = "off": passwords and pictures cross the network for everybody on it to read.

    Raises:
        SettingsError: only one of the two TLS files is set, or the pages would be served to the network in the clear.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    session_idle_h: float = 2.0
    session_longest_h: float = 12.0
    free_tries: int = 5
    first_delay_s: float = 5.0
    longest_delay_s: float = 300.0
    overlay_stale_ms: int = 500
    picture_stale_ms: int = 1500
    status_interval_s: float = 1.0
    capture_keys: tuple[str, ...] = (" ", "PageDown")
    undo_keys: tuple[str, ...] = ("PageUp",)
    tls: Tls = Tls.AUTO
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    plain_http_on_network: bool = False
    names: tuple[str, ...] = ()
    connections_per_address: int = 64
    connections: int = 512
    head_timeout_s: float = 10.0
    body_timeout_s: float = 15.0
    send_timeout_s: float = 20.0

    def __post_init__(self) -> None:
        if (self.tls_certificate is None) != (self.tls_key is None):
            given, missing = ("tls_key", "tls_certificate") if self.tls_key else ("tls_certificate", "tls_key")
            raise SettingsError(f"{given} is set and {missing} is not", "Set both for HTTPS, or neither.")

        if self.tls is Tls.OFF and not self.is_loopback and not self.plain_http_on_network:
            raise SettingsError(
                f'tls is "off" and the pages are served to the network on {self.host}',
                'Use tls = "auto", or set plain_http_on_network = true if a proxy encrypts in front of this box.',
            )

    @property
    def is_loopback(self) -> bool:
        """Served to this machine alone."""
        return self.host in LOOPBACK

    @property
    def is_tls(self) -> bool:
        """Served over HTTPS."""
        return self.tls is Tls.ON or (
            self.tls is Tls.AUTO and (self.tls_certificate is not None or not self.is_loopback)
        )

    @property
    def needs_own_certificate(self) -> bool:
        """HTTPS is wanted and the site has no certificate for it."""
        return self.is_tls and self.tls_certificate is None
