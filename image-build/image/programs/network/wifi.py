"""Wi-Fi networks as they are found, wished for and kept: names are bytes, and passwords have rules."""

import hashlib
import hmac
import re
import unicodedata
import uuid
from dataclasses import dataclass
from enum import Enum

LONGEST_NAME_BYTES = 32
"""IEEE 802.11, 9.4.2.2."""
_PASSPHRASE_BYTES = range(8, 64)
"""IEEE 802.11, J.4.1. A password of WPA3 alone may be of any length."""
_RAW_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_LONGEST_SAE_BYTES = 128
# On a telephone's keyboard, and told apart on a screen: no 0, o, 1, l, i.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Security(Enum):
    """How one gets in. ENTERPRISE and WEP are told from the others, and not offered."""

    OPEN = "open"
    ENHANCED_OPEN = "owe"
    WPA = "wpa-psk"
    WPA3 = "sae"
    ENTERPRISE = "enterprise"
    WEP = "wep"


class WrongWish(ValueError):  # noqa: N818
    """What was asked for cannot be. The first argument is one word for the reader's language (texts.json)."""


@dataclass(frozen=True)
class Network:
    """One that answers, the best of its access points.

    Attributes:
        ssid: 1 to 32 bytes of any kind.
        signal: 0 to 100.
    """

    ssid: bytes
    signal: int
    security: Security

    @property
    def name(self) -> str:
        return name_of(self.ssid)


@dataclass(frozen=True)
class Wish:
    """To be on that network. Raises WrongWish for what no network can have."""

    ssid: bytes
    security: Security
    password: str = ""
    is_hidden: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.ssid) <= LONGEST_NAME_BYTES:
            raise WrongWish("bad_name")
        if self.security in (Security.ENTERPRISE, Security.WEP):
            raise WrongWish("not_supported")
        # repr: a password is no part of any log.
        if self.security in (Security.WPA, Security.WPA3):
            _check_password(self.password, self.security)

    def __repr__(self) -> str:
        return f"Wish({self.ssid!r}, {self.security.value})"

    def profile(self, identity: str) -> str:
        """The keyfile for NetworkManager (nm-settings-keyfile); `identity` is its UUID."""
        lines = ["[connection]", f"id=nailfold-{identity}", f"uuid={identity}", "type=wifi", "", "[wifi]"]
        lines += [
            "mode=infrastructure",
            f"ssid={_bytes_of_keyfile(self.ssid)}",
            f"hidden={str(self.is_hidden).lower()}",
        ]
        if self.security is not Security.OPEN:
            lines += ["", "[wifi-security]", f"key-mgmt={self.security.value}"]
        if self.security in (Security.WPA, Security.WPA3):
            lines.append(f"psk={_text_of_keyfile(self.password)}")
        # Without an address of the network's own the box is not on it, and says so.
        lines += ["", "[ipv4]", "method=auto", "link-local=2", "", "[ipv6]", "method=auto", ""]
        return "\n".join(lines)


CHANNELS = (1, 6, 11)


@dataclass(frozen=True)
class AccessPoint:
    """The box's own Wi-Fi, while it has no network.

    Attributes:
        name: as telephones show it.
        password: stands on the box's screen.
    """

    name: str
    password: str
    IDENTITY = "6e61696c-666f-4c64-8000-617000000000"
    ADDRESS = "10.42.0.1"

    @classmethod
    def of_box(cls, machine_id: str) -> "AccessPoint":
        """Follows from the box's id, so it is another once the box was erased; the id does not follow from it."""
        secret = hmac.digest(machine_id.strip().encode(), b"nailfold: Wi-Fi for setting up", hashlib.sha256)
        number = int.from_bytes(secret, "big")
        letters = ""
        for _ in range(12):
            number, one = divmod(number, len(_LETTERS))
            letters += _LETTERS[one]
        return cls(f"nailfold {machine_id.strip()[:8]}", "-".join((letters[:4], letters[4:8], letters[8:])))

    @property
    def channel(self) -> int:
        """One that may be used everywhere; boxes side by side are spread over the three."""
        return CHANNELS[sum(self.name.encode()) % len(CHANNELS)]

    @property
    def profile(self) -> str:
        lines = ["[connection]", "id=nailfold-setup", f"uuid={self.IDENTITY}", "type=wifi", "autoconnect=false", ""]
        lines += [
            "[wifi]",
            "mode=ap",
            "band=bg",
            # Else NetworkManager takes any, also 12 to 14, where a chip that knows no country opens nothing, for ever.
            f"channel={self.channel}",
            f"ssid={_bytes_of_keyfile(self.name.encode())}",
            "",
            "[wifi-security]",
        ]
        lines += ["key-mgmt=wpa-psk", "proto=rsn", "pairwise=ccmp", "group=ccmp", f"psk={self.password}", ""]
        return "\n".join(
            [*lines, "[ipv4]", "method=shared", f"address1={self.ADDRESS}/24", "", "[ipv6]", "method=disabled", ""]
        )


def name_of(ssid: bytes) -> str:
    """For people: what no letter is, or would turn the text around, shows as a mark."""
    text = ssid.decode("utf-8", errors="replace")
    # Joiners hold an emoji together.
    return "".join(one if one == "\u200d" or unicodedata.category(one)[0] != "C" else "\ufffd" for one in text)


def security_of(security: str, wpa: str, rsn: str) -> Security:
    """From nmcli's columns SECURITY, WPA-FLAGS and RSN-FLAGS."""
    flags = f"{wpa} {rsn}"
    if "psk" in flags:
        return Security.WPA
    if "sae" in flags:
        return Security.WPA3
    if "802.1X" in flags or "802.1X" in security:
        return Security.ENTERPRISE
    if "owe" in rsn.split():
        return Security.ENHANCED_OPEN
    return Security.WEP if "WEP" in security else Security.OPEN


def found_in(told: str) -> tuple[Network, ...]:
    """Of `nmcli -t -e no -f SSID-HEX,SIGNAL,SECURITY,WPA-FLAGS,RSN-FLAGS device wifi list`: each once, best first.

    Hidden ones have no name and are left out.
    """
    best: dict[tuple[bytes, Security], Network] = {}
    for line in told.splitlines():
        ssid_hex, signal, security, wpa, rsn = line.split(":")
        ssid = bytes.fromhex(ssid_hex)
        if not ssid.strip(b"\0"):
            continue
        network = Network(ssid, int(signal or 0), security_of(security, wpa, rsn))
        known = best.get((ssid, network.security))
        if known is None or known.signal < network.signal:
            best[ssid, network.security] = network
    return tuple(sorted(best.values(), key=lambda network: (-network.signal, network.ssid)))


def fresh_identity() -> str:
    """A UUID."""
    return str(uuid.uuid4())


def _check_password(password: str, security: Security) -> None:
    size = len(password.encode())
    if not password.isprintable():
        raise WrongWish("bad_letters")
    if security is Security.WPA and size not in _PASSPHRASE_BYTES and not _RAW_KEY.fullmatch(password):
        raise WrongWish("bad_length")
    if security is Security.WPA3 and not 1 <= size <= _LONGEST_SAE_BYTES:
        raise WrongWish("bad_length")


def _bytes_of_keyfile(value: bytes) -> str:
    return "".join(f"{one};" for one in value)


def _text_of_keyfile(value: str) -> str:
    # GKeyFile drops plain spaces at the beginning of a value.
    return value.replace("\\", "\\\\").replace(" ", "\\s")
