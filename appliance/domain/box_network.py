"""The box's cable and Wi-Fi as the pages see them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkLink:
    """One cable or radio.

    Attributes:
        kind: "ethernet" or "wifi".
        is_online: others can reach the box there.
        addresses: with their prefix.
        identity: of the Wi-Fi network that it is on, as in KnownNetwork.
    """

    kind: str
    is_online: bool
    addresses: tuple[str, ...]
    identity: str


@dataclass(frozen=True)
class WifiNetwork:
    """One in reach.

    Attributes:
        ssid: its name's bytes, in hex; no two names look alike there.
        signal: 0 to 100.
        security: "open", "owe", "wpa-psk", "sae", "enterprise", "wep"; the box cannot join the last two.
    """

    ssid: str
    name: str
    signal: int
    security: str

    @property
    def needs_password(self) -> bool:
        return self.security in ("wpa-psk", "sae")

    @property
    def can_be_joined(self) -> bool:
        return self.security not in ("enterprise", "wep")


@dataclass(frozen=True)
class KnownNetwork:
    """One whose password the box keeps."""

    identity: str
    name: str


@dataclass(frozen=True)
class TriedNetwork:
    """How the last wish ended: `word` is "joined", or why not; `said` is what the system said, for a technician."""

    name: str
    word: str
    said: str


@dataclass(frozen=True)
class BoxNetwork:
    """A snapshot.

    Attributes:
        trying: name of the network that is being joined.
        is_open: whether the box's own Wi-Fi is.
        why_not_open: what the system said where that could not be opened.
    """

    links: tuple[NetworkLink, ...]
    networks: tuple[WifiNetwork, ...]
    known: tuple[KnownNetwork, ...]
    trying: str | None
    tried: TriedNetwork | None
    is_open: bool
    why_not_open: str = ""

    @property
    def has_radio(self) -> bool:
        return any(link.kind == "wifi" for link in self.links)
