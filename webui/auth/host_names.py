"""Under which names a browser may open the pages: against pages of others that give the box a name of their own."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

HOSTS = "nailfold_hosts"
"""The application's extension that knows its names."""
_ALWAYS = ("localhost",)
_LONGEST = 253 + len(".:65535")
# RFC 3986, 3.2.2, less what no browser sends: userinfo, percent signs, empty labels. Labels by RFC 1035, 2.3.4.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|((?:[\w-]{1,63}\.)*[\w-]{1,63})\.?)(?::[0-9]{1,5})?", re.ASCII)


class HostNames:
    """The names that the Host header may carry.

    Another site's page can make its own name point to this box (DNS rebinding); the browser then takes the box's
    answers for that site's. Its Host header tells: it carries that name. An address cannot be made to point elsewhere.

    Args:
        own: the computer's names, asked for anew each time: a box may be renamed.
        given: by the settings.
    """

    def __init__(self, own: Callable[[], Iterable[str]], given: Iterable[str] = ()) -> None:
        self._own = own
        self._given = frozenset(name.lower().rstrip(".") for name in given)

    def knows(self, host: str) -> bool:
        """Whether a Host header ("box:8080") names this box; no header at all comes from no browser."""
        name = name_in(host)
        if name in _ALWAYS or name in self._given or _is_address(name):
            return True
        return not host or name in {own.lower().rstrip(".") for own in self._own()}


def name_in(host: str) -> str:
    """The name or address in a Host header, in small letters, without port and last dot; empty for what is no host."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower() if found and len(host) <= _LONGEST else ""


def is_same_origin(origin: str, host: str) -> bool:
    """Whether a page of `origin` ("http://box:8080") was served by this very host ("box:8080")."""
    try:
        parts = urlsplit(origin)
    except ValueError:  # an address that is none, or letters that turn into a slash
        return False
    return parts.scheme in ("http", "https") and bool(name_in(host)) and parts.netloc.lower() == host.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
