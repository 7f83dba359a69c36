"""The box's network programs over a radio and a cable of software: state, and what an operator does to it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "image-build/image/programs/network"))
from caretaker import Caretaker, Status
from network_manager import Link, Refused
from wifi import AccessPoint, Network, Security

OWN = AccessPoint.of_box("4f3a91c2aaaabbbbccccddddeeeeffff\n")


class Radio:
    """NetworkManager with one radio and one cable: networks in reach with their passwords, and what the cable gives."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.reach: dict[bytes, str] = {}
        self.cable: tuple[str, ...] = ()
        self.has_radio, self.is_full, self.has_access_point = True, False, True
        self.is_wpa3 = False
        self.kept: dict[str, str] = {}
        self.on = ""
        self.searches = 0

    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    def links(self) -> tuple[Link, ...]:
        self._join_by_itself()
        cable = Link("eth0", "ethernet", 100 if self.cable else 20, "cable" if self.cable else "", self.cable)
        own = self.on == AccessPoint.IDENTITY
        address = ("10.42.0.1/24",) if own else ("192.168.7.5/24",) if self.on else ()
        radio = Link("wlan0", "wifi", 100 if self.on else 30, self.on, address)
        return (cable, radio) if self.has_radio else (cable,)

    def search(self, device: str) -> tuple[Network, ...]:
        assert device == "wlan0"
        assert self.on != AccessPoint.IDENTITY, "an access point cannot look for others"
        self.searches += 1
        return tuple(Network(name, 50, Security.WPA) for name in self.reach)

    def profiles(self) -> dict[str, str]:
        return dict(self.kept)

    def keep(self, identity: str, profile: str) -> None:
        if self.is_full:
            raise Refused("not_kept", "No space left on device")
        self.kept[identity] = profile

    def keep_in_memory(self, identity: str, profile: str) -> None:
        assert identity == AccessPoint.IDENTITY
        assert "mode=ap" in profile

    def forget(self, identity: str) -> None:
        self.kept.pop(identity, None)
        self.on = "" if self.on == identity else self.on

    def up(self, identity: str, device: str) -> None:
        assert device == "wlan0"
        if identity == AccessPoint.IDENTITY:
            if not self.has_access_point:
                raise Refused("failed", "no access point mode")
        elif (ssid := self._ssid(identity)) not in self.reach:
            raise Refused("not_found", "(53)")
        elif f"psk={self.reach[ssid]}\n" not in self.kept[identity]:
            # As NetworkManager 1.42 tells it.
            raise Refused("not_found", "(53)") if self.is_wpa3 else Refused("bad_password", "(7)")
        self.on = identity

    def down(self, identity: str) -> None:
        self.on = "" if self.on == identity else self.on

    def _join_by_itself(self) -> None:
        if self.on in self.kept and self._ssid(self.on) not in self.reach:
            self.on = ""
        for identity, text in self.kept.items():
            if not self.on and f"psk={self.reach.get(self._ssid(identity), chr(0))}\n" in text:
                self.on = identity

    def _ssid(self, identity: str) -> bytes:
        [line] = [line for line in self.kept[identity].splitlines() if line.startswith("ssid=")]
        return bytes(int(one) for one in line.removeprefix("ssid=").split(";") if one)


class RadioBox:
    """A caretaker over the fake, with a clock of its own."""

    def __init__(self) -> None:
        self.radio = Radio()
        self.told: list[Status] = []
        self.caretaker = Caretaker(self.radio, OWN, self.told.append, lambda: self.radio.now_s, self.radio.wait)

    @property
    def status(self) -> Status:
        return self.caretaker.status

    def pass_s(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.radio.now_s += 1.0
            self.caretaker.step()
