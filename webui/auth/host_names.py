"""Under which names a browser may open the pages: against pages of others that give the box a name of their own."""

import ipaddress
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

HOSTS = "nailfold_hosts"
"""The application's extension that knows its names."""
_ALWAYS = ("localhost",)


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
    """The name or address in a Host header, without port; empty for what is no host."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
