"""Under which names and addresses this computer can be reached."""

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from appliance.apps.station.mdns_name import MdnsName

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_SCOPE_GLOBAL, _TEMPORARY = 0x00, 0x01  # net/ipv6.h, linux/if_addr.h
_IPV6_ADDRESSES = Path("/proc/net/if_inet6")
_mdns_name = MdnsName()


def host_names() -> tuple[str, ...]:
    """The host's name, its mDNS names, "localhost", then every address of its interfaces; no name twice.

    The mDNS name is the one that it would like to have, and the one that the network gave it ("nailfold-2.local").
    """
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    named = [name, f"{short}.local", _mdns_name(), "localhost", "127.0.0.1", "::1"]
    return tuple(dict.fromkeys([*filter(None, named), *_ipv4_addresses(), *_ipv6_addresses()]))


def _ipv4_addresses() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, interface in socket.if_nameindex():
            request = struct.pack("256s", interface.encode()[:15])
            try:
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
            except OSError:
                continue  # An interface without an address.
            yield socket.inet_ntoa(answer[20:24])


def _ipv6_addresses() -> Iterator[str]:
    if not _IPV6_ADDRESSES.exists():
        return
    for line in _IPV6_ADDRESSES.read_text(encoding="ascii").splitlines():
        digits, _, _, scope, flags, _ = line.split()
        # Link-local addresses need the interface in the URL, which browsers do not take; temporary ones change daily.
        if int(scope, 16) == _SCOPE_GLOBAL and not int(flags, 16) & _TEMPORARY:
            yield str(ipaddress.IPv6Address(bytes.fromhex(digits)))
