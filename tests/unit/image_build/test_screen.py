"""What a box shows on its screen at each step of its first day."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/image/programs"))
import screen
from screen import Shown

NEW = Shown("nailfold.local", ("192.168.1.23", "10.0.0.4"), "maple-otter", "4f3a91c2", is_serving=True)


def test_a_new_box_names_its_addresses_and_the_two_words() -> None:
    for line in ("https://nailfold.local:8080", "https://192.168.1.23:8080", "https://10.0.0.4:8080", "maple-otter"):
        assert f"    {line}\n" in NEW.text
    assert "box 4f3a91c2\n" in NEW.text


def test_the_words_are_gone_once_the_box_is_set_up() -> None:
    text = Shown("nailfold.local", ("192.168.1.23",), "", "4f3a91c2", is_serving=True, was_erased=True).text
    assert "words" not in text
    assert "erased" not in text
    assert "https://192.168.1.23:8080" in text


def test_without_a_network_it_says_what_to_do() -> None:
    text = Shown("nailfold.local", (), "maple-otter", "4f3a91c2", is_serving=True).text
    assert "plug in the cable" in text
    assert "https" not in text
    assert "maple-otter" in text


def test_nothing_can_be_opened_while_it_starts() -> None:
    text = Shown("nailfold.local", ("192.168.1.23",), "", "4f3a91c2", is_serving=False).text
    assert "starting" in text
    assert "https" not in text


@pytest.mark.parametrize(
    ("state", "restarts", "site", "said"),
    [
        ("activating", 0, "", "starting"),
        ("activating", 2, "[wbe]", "starting"),
        ("activating", 3, "[wbe]", "did you mean web?"),
        ("failed", 9, "[wbe]", "did you mean web?"),
        ("failed", 9, "", "Tell the service"),
    ],
)
def test_a_station_that_never_starts_is_told_with_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, restarts: int, site: str, said: str
) -> None:
    checked = f"echo '{site}: did you mean web?'; exit 1" if site else "exit 0"
    for name, does in (("systemctl", f"echo ActiveState={state}; echo NRestarts={restarts}"), ("nailfold", checked)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    shown = Shown("nailfold.local", ("192.168.1.23",), "", "4f3a91c2", is_serving=False, trouble=screen.trouble())
    assert said in shown.text
    assert "box 4f3a91c2" in shown.text


@pytest.mark.parametrize(("was_erased", "said"), [(True, "is erased"), (False, "NOT PROVEN"), (None, "")])
def test_a_box_that_was_erased_says_whether_it_is_proven(was_erased: bool | None, said: str) -> None:
    text = Shown("nailfold.local", (), "maple-otter", "4f3a91c2", is_serving=True, was_erased=was_erased).text
    assert said in text
    assert ("eras" in text.lower()) is (was_erased is not None)


@pytest.mark.skipif(shutil.which("ip") is None, reason="iproute2 is not installed")
def test_addresses_are_those_that_others_can_reach() -> None:
    told = subprocess.run(["ip", "-json", "address"], check=True, capture_output=True).stdout
    assert not {one for one in screen.addresses_of(json.loads(told)) if one.startswith("127.")}
    link = {"family": "inet", "local": "169.254.3.4", "scope": "link"}
    wired = {"family": "inet", "local": "192.168.1.23", "scope": "global"}
    six = {"family": "inet6", "local": "2001:db8::1", "scope": "global"}
    assert screen.addresses_of([{"addr_info": [link, wired, six]}, {"addr_info": []}]) == ("192.168.1.23",)


def test_a_network_of_ipv6_alone_is_one() -> None:
    near = {"family": "inet6", "local": "fe80::1", "scope": "link"}
    changes_daily = {"family": "inet6", "local": "2001:db8::77", "scope": "global", "temporary": True}
    given = {"family": "inet6", "local": "2001:db8::1", "scope": "global"}
    assert screen.addresses_of([{"addr_info": [near, changes_daily, given]}]) == ("[2001:db8::1]",)
    text = Shown("nailfold.local", ("[2001:db8::1]",), "", "4f3a91c2", is_serving=True).text
    assert "https://[2001:db8::1]:8080" in text


def test_the_own_wifi_stands_on_the_screen_while_it_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "NETWORK", tmp_path / "status.json")
    assert screen.own_wifi() is None
    screen.NETWORK.write_text('{"setup": null}')
    assert screen.own_wifi() is None
    screen.NETWORK.write_text('{"setup": {"name": "nailfold 4f3a91c2", "password": "abcd-efgh-jkmn"}}')
    own = screen.own_wifi()
    # Its own address there is none that a browser on the clinic's network finds.
    text = Shown("nailfold.local", ("10.42.0.1",), "maple-otter", "4f3a91c2", is_serving=True, own_wifi=own).text
    for part in ("nailfold 4f3a91c2", "password abcd-efgh-jkmn", "http://10.42.0.1", "maple-otter"):
        assert part in text
    assert "https" not in text
