"""Keeps the box reachable: its own Wi-Fi opens where there is no network, and closes once there is one."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from network_manager import Link, Refused
from wifi import AccessPoint, Network, Wish, fresh_identity, name_of

OPENS_AFTER_S = 40.0
"""Without a network: a DHCP server that is merely slow has answered by then."""
LOOKS_AGAIN_EVERY_S = 180.0
"""Whether a network that the box knows is back: a router takes longer to start than a box."""
LOOKS_AGAIN_FOR_S = 30.0
SETTLES_IN_S = 8.0
"""Between looking for networks and opening the own Wi-Fi. While a second look, by NetworkManager itself, is under way
wpa_supplicant starts no access point ("Failed to start AP functionality", seen)."""
IN_USE_FOR_S = 300.0
"""Since the last page that a telephone asked for: nobody is cut off while reading."""


class Manager(Protocol):
    """NetworkManager, see network_manager.py."""

    def links(self) -> tuple[Link, ...]: ...
    def search(self, device: str) -> tuple[Network, ...]: ...
    def profiles(self) -> dict[str, str]: ...
    def keep(self, identity: str, profile: str) -> None: ...
    def keep_in_memory(self, identity: str, profile: str) -> None: ...
    def forget(self, identity: str) -> None: ...
    def up(self, identity: str, device: str) -> None: ...
    def down(self, identity: str) -> None: ...


@dataclass(frozen=True)
class Tried:
    """How the last wish ended.

    Attributes:
        ssid: of the network.
        word: "joined", or why not (texts.json).
        said: by NetworkManager, for a technician.
    """

    ssid: bytes
    word: str
    said: str = ""


@dataclass(frozen=True)
class Status:
    """As pages and screen tell it.

    Attributes:
        links: cables and radios.
        networks: as they were when they were last looked for.
        known: names of the networks whose passwords the box has, by identity.
        trying: the network that is being joined.
        is_open: whether the box's own Wi-Fi is.
        why_not_open: what NetworkManager said where it could not be opened.
    """

    links: tuple[Link, ...] = ()
    networks: tuple[Network, ...] = ()
    known: tuple[tuple[str, bytes], ...] = ()
    trying: bytes | None = None
    tried: Tried | None = None
    is_open: bool = False
    why_not_open: str = ""


class Caretaker:
    """One `step` after another, from one thread; wishes come from others.

    Args:
        tell: called with every new status.
        now: monotonic seconds.
        pause: waits for so many seconds.
    """

    def __init__(
        self,
        manager: Manager,
        access_point: AccessPoint,
        tell: Callable[[Status], None],
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._manager, self._access_point, self._tell, self._now = manager, access_point, tell, now
        self._pause = pause
        self._lock = threading.Lock()
        self._wishes: dict[str, Callable[[], None]] = {}
        self.woken = threading.Event()
        self.status = Status()
        self._alone_since_s: float | None = None
        self._opened_at_s = self._asked_at_s = float("-inf")

    def join(self, wish: Wish) -> None:
        """Tried with the next step; `status.trying` says so from now on."""
        self._set(trying=wish.ssid, tried=None)
        self._wish("join", lambda: self._try(wish))

    def begin(self) -> None:
        """Tells the first status, before anything is known."""
        self._tell(self.status)

    def refuse(self, ssid: bytes, word: str) -> None:
        """A wish that cannot be: told like one that failed."""
        self._set(tried=Tried(ssid, word))

    def look_around(self) -> None:
        """For networks, anew: the box's own Wi-Fi is away for that long."""
        self._wish("look", self._look_around)

    def forget(self, identity: str) -> None:
        """A network's password; the box leaves that network."""
        self._wish(f"forget {identity}", lambda: self._forget(identity))

    def note_page(self) -> None:
        """A telephone asked for a page."""
        self._asked_at_s = self._now()

    def step(self) -> None:
        """What is due. Raises nothing for what NetworkManager refuses: that is told."""
        while wish := self._next():
            wish()
        links = self._manager.links()
        self._set(links=links, known=_known(self._manager.profiles()))
        now_s = self._now()
        if any(link.is_online for link in links):
            self._alone_since_s = None
            if self.status.is_open:
                self._close()
        elif not self.status.is_open:
            self._alone_since_s = now_s if self._alone_since_s is None else self._alone_since_s
            if now_s - self._alone_since_s >= OPENS_AFTER_S and (device := self._radio()):
                if self.status.why_not_open:
                    # Once more without a look, which may have been what was in the way.
                    self._open(device)
                else:
                    self._look_around()
        elif not any(link.identity == AccessPoint.IDENTITY for link in links):
            # Gone without us: the radio was pulled out, or NetworkManager was started again.
            self._set(is_open=False)
        elif self._is_due(now_s):
            self._close()
            self._alone_since_s = now_s - OPENS_AFTER_S + LOOKS_AGAIN_FOR_S

    def _is_due(self, now_s: float) -> bool:
        is_read = now_s - self._asked_at_s < IN_USE_FOR_S
        return bool(self.status.known) and not is_read and now_s - self._opened_at_s >= LOOKS_AGAIN_EVERY_S

    def _try(self, wish: Wish) -> None:
        device, was_open, identity = self._radio(), self.status.is_open, fresh_identity()
        if not device:
            self._set(trying=None, tried=Tried(wish.ssid, "no_radio"))
            return
        if was_open:
            self._close()
        try:
            self._manager.keep(identity, wish.profile(identity))
            self._manager.up(identity, device)
        except Refused as refused:
            self._manager.forget(identity)
            tried = self._why(wish, refused, device)
            if was_open:
                self._open(device)
            self._set(trying=None, tried=tried)
            return
        for other, ssid in _known(self._manager.profiles()):
            if ssid == wish.ssid and other != identity:
                self._manager.forget(other)
        self._set(trying=None, tried=Tried(wish.ssid, "joined"))

    def _why(self, wish: Wish, refused: Refused, device: str) -> Tried:
        """As told; but a network of WPA3 that refuses a password is told as one that is not there, and then is."""
        tried = Tried(wish.ssid, *refused.args)
        if tried.word != "not_found":
            return tried
        is_there = any(network.ssid == wish.ssid for network in self._search(device))
        self._pause(SETTLES_IN_S)
        return replace(tried, word=("bad_password" if wish.password else "failed") if is_there else "not_found")

    def _search(self, device: str) -> tuple[Network, ...]:
        try:
            networks = self._manager.search(device)
        except Refused:
            networks = ()
        self._set(networks=networks)
        return networks

    def _look_around(self) -> None:
        device = self._radio()
        if not device:
            return
        was_open, alone = self.status.is_open, self._alone_since_s is not None
        if was_open:
            self._close()
        self._search(device)
        if was_open or alone:
            self._pause(SETTLES_IN_S)
            self._open(device)

    def _forget(self, identity: str) -> None:
        if identity in self._manager.profiles():
            self._manager.forget(identity)

    def _open(self, device: str) -> None:
        own = self._access_point
        try:
            self._manager.keep_in_memory(own.IDENTITY, own.profile)
            self._manager.up(own.IDENTITY, device)
        except Refused as refused:
            # Again, after as long: the radio may be blocked by its switch, or have no access point in it.
            self._alone_since_s = self._now()
            self._set(is_open=False, why_not_open=" ".join(refused.args))
            return
        self._opened_at_s = self._now()
        self._set(is_open=True, why_not_open="")

    def _close(self) -> None:
        self._manager.down(self._access_point.IDENTITY)
        self._set(is_open=False)

    def _radio(self) -> str:
        return next((link.device for link in self._manager.links() if link.kind == "wifi"), "")

    def _wish(self, what: str, wish: Callable[[], None]) -> None:
        """One of a kind: who presses a button five times wants it once, and of two networks the newer one."""
        with self._lock:
            self._wishes[what] = wish
        self.woken.set()

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            return self._wishes.pop(next(iter(self._wishes))) if self._wishes else None

    def _set(self, **changed: object) -> None:
        with self._lock:
            before = self.status
            self.status = replace(before, **changed)  # type: ignore[arg-type]
            after = self.status
        if after != before:
            self._tell(after)


def _known(profiles: dict[str, str]) -> tuple[tuple[str, bytes], ...]:
    """Identity and name of each Wi-Fi network among them."""
    found = []
    for identity, text in sorted(profiles.items()):
        listed = [line.removeprefix("ssid=") for line in text.splitlines() if line.startswith("ssid=")]
        if listed:
            found.append((identity, bytes(int(one) for one in listed[0].split(";") if one)))
    return tuple(sorted(found, key=lambda one: name_of(one[1])))
