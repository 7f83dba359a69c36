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


@pytest.mark.parametrize(("was_erased", "said"), [(True, "is erased"), (False, "NOT PROVEN"), (None, "")])
def test_a_box_that_was_erased_says_whether_it_is_proven(was_erased: bool | None, said: str) -> None:
    text = Shown("nailfold.local", (), "maple-otter", "4f3a91c2", is_serving=True, was_erased=was_erased).text
    assert said in text
    assert ("eras" in text.lower()) is (was_erased is not None)


@pytest.mark.skipif(shutil.which("ip") is None, reason="iproute2 is not installed")
def test_addresses_are_those_that_others_can_reach() -> None:
    told = subprocess.run(["ip", "-json", "address"], check=True, capture_output=True).stdout
    assert not {one for one in screen.ipv4_of(json.loads(told)) if one.startswith("127.")}
    link = {"family": "inet", "local": "169.254.3.4", "scope": "link"}
    wired = {"family": "inet", "local": "192.168.1.23", "scope": "global"}
    six = {"family": "inet6", "local": "2001:db8::1", "scope": "global"}
    assert screen.ipv4_of([{"addr_info": [link, wired, six]}, {"addr_info": []}]) == ("192.168.1.23",)
