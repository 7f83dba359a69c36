"""The box's network programs: names and passwords of Wi-Fi, when its own opens, and the page for a telephone."""

import configparser
import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.radio_box import OWN
from tests.support.radio_box import RadioBox as Box

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/image/programs/network"))
import caretaker as caretaker_module
import setup_pages
from caretaker import Status, Tried
from network_manager import NetworkManager, Refused, links_in, reason_in
from network_socket import answer
from setup_pages import SetupPages, language_of, page_of, wish_of
from wifi import AccessPoint, Network, Security, Wish, WrongWish, found_in, name_of

CLINIC = Network(b"Klinik", 70, Security.WPA)
WISH = Wish(b"Klinik", Security.WPA, "small vessels")


@pytest.fixture
def box() -> Box:
    return Box()


def test_without_a_network_the_own_wifi_opens_and_knows_its_neighbours(box: Box) -> None:
    box.radio.reach[b"Klinik"] = "small\\svessels"
    box.pass_s(caretaker_module.OPENS_AFTER_S - 5)
    assert not box.status.is_open
    box.pass_s(10)
    assert box.status.is_open
    assert [one.name for one in box.status.networks] == ["Klinik"]


def test_with_a_cable_it_never_opens_and_a_cable_closes_it(box: Box) -> None:
    box.radio.cable = ("192.168.1.4/24", "fe80::1/64")
    box.pass_s(200)
    assert not box.told[-1].is_open
    box.radio.cable = ()
    box.pass_s(60)
    assert box.status.is_open
    box.radio.cable = ("2001:db8::4/64",)
    box.pass_s(2)
    assert not box.status.is_open


def test_a_cable_without_dhcp_is_no_network(box: Box) -> None:
    box.radio.cable = ("169.254.7.9/16", "fe80::1/64")
    box.pass_s(60)
    assert box.status.is_open


def test_a_wrong_password_is_told_not_kept_and_leaves_the_box_reachable(box: Box) -> None:
    box.radio.reach[b"Klinik"] = "another"
    box.pass_s(60)
    box.caretaker.join(WISH)
    assert box.status.trying == b"Klinik"
    box.pass_s(1)
    assert (box.status.tried and box.status.tried.word, box.status.trying) == ("bad_password", None)
    assert box.status.is_open
    assert box.radio.kept == {}


@pytest.mark.parametrize(("name", "word"), [(b"Klinik", "bad_password"), (b"Weg", "not_found")])
def test_a_wrong_password_of_wpa3_is_not_told_as_a_network_that_is_away(box: Box, name: bytes, word: str) -> None:
    box.radio.reach[b"Klinik"] = "another"
    box.radio.is_wpa3 = True
    box.pass_s(60)
    box.caretaker.join(Wish(name, Security.WPA3, "small vessels"))
    box.pass_s(1)
    assert box.status.tried is not None
    assert box.status.tried.word == word
    assert box.status.is_open


def test_the_right_password_closes_the_own_wifi_and_takes_the_old_ones_place(box: Box) -> None:
    box.radio.reach[b"Klinik"] = "small\\svessels"
    box.pass_s(60)
    for _ in range(2):
        box.caretaker.join(WISH)
        box.pass_s(1)
        assert box.status.tried == Tried(b"Klinik", "joined")
        assert not box.status.is_open
        assert [ssid for _, ssid in box.status.known] == [b"Klinik"]


def join_and_lose(box: Box) -> None:
    """The clinic's network is joined, and then goes away for a minute."""
    box.radio.reach[b"Klinik"] = "small\\svessels"
    box.caretaker.join(WISH)
    box.pass_s(5)
    box.radio.reach.clear()
    box.pass_s(60)


def test_a_network_that_comes_back_is_joined_without_anybody(box: Box) -> None:
    join_and_lose(box)
    assert box.status.is_open
    box.radio.reach[b"Klinik"] = "small\\svessels"
    box.pass_s(caretaker_module.LOOKS_AGAIN_EVERY_S + 5)
    assert not box.status.is_open
    assert any(link.is_online for link in box.status.links)


def test_whoever_reads_the_page_is_not_cut_off(box: Box) -> None:
    join_and_lose(box)
    for _ in range(20):
        box.caretaker.note_page()
        box.pass_s(60)
        assert box.status.is_open
    box.pass_s(caretaker_module.IN_USE_FOR_S - 60 + 5)
    assert not box.status.is_open


def test_a_network_that_stays_away_leaves_the_own_wifi_open_most_of_the_time(box: Box) -> None:
    join_and_lose(box)
    opened = []
    for _ in range(1000):
        box.pass_s(1)
        opened.append(box.status.is_open)
    assert sum(opened) > 800
    assert False in opened


def test_a_button_that_is_pressed_five_times_is_obeyed_once(box: Box) -> None:
    box.radio.reach |= {b"Klinik": "small\\svessels", b"Gast": "small\\svessels"}
    box.pass_s(60)
    searches = box.radio.searches
    for _ in range(5):
        box.caretaker.look_around()
        box.caretaker.join(WISH)
    box.caretaker.join(Wish(b"Gast", Security.WPA, "small vessels"))
    box.pass_s(2)
    assert box.radio.searches == searches + 1
    assert [ssid for _, ssid in box.status.known] == [b"Gast"]


def test_a_full_disk_is_told(box: Box) -> None:
    box.radio.reach[b"Klinik"] = "small\\svessels"
    box.radio.is_full = True
    box.pass_s(60)
    box.caretaker.join(WISH)
    box.pass_s(1)
    assert box.status.tried == Tried(b"Klinik", "not_kept", "No space left on device")
    assert box.status.is_open


def test_a_box_without_radio_or_without_access_point_goes_on(box: Box) -> None:
    box.radio.has_access_point = False
    box.pass_s(100)
    assert not box.status.is_open
    assert "no access point mode" in box.status.why_not_open
    box.radio.has_radio = False
    box.caretaker.join(WISH)
    box.pass_s(60)
    assert box.status.tried == Tried(b"Klinik", "no_radio")


def test_a_forgotten_network_is_left(box: Box) -> None:
    box.radio.reach[b"Klinik"] = "small\\svessels"
    box.caretaker.join(WISH)
    box.pass_s(2)
    [(identity, _)] = box.status.known
    box.caretaker.forget("../../shadow")
    box.caretaker.forget(identity)
    box.pass_s(2)
    assert box.status.known == ()


@pytest.mark.parametrize(
    "name", ["\U0001f469\u200d\u2695\ufe0f", 'a"b\\c', " x ", "1;2;3;", "=[wifi]", "%n", "\u00fc" * 16]
)
@pytest.mark.parametrize(
    "password", ["12345678", "\\s \\n;#[x]=", "  two    ", "x" * 63, "0f" * 32, "\u00e4\u00f6\u00fc\u00df\u20ac"]
)
def test_names_and_passwords_of_any_kind_stand_in_the_profile_as_they_are(name: str, password: str) -> None:
    text = Wish(name.encode(), Security.WPA, password, is_hidden=True).profile("id")
    file = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    file.read_string(text)
    assert bytes(int(one) for one in file["wifi"]["ssid"].split(";")[:-1]) == name.encode()
    assert _unescaped(file["wifi-security"]["psk"]) == password
    assert file["wifi"]["hidden"] == "true"
    assert list(file) == ["DEFAULT", "connection", "wifi", "wifi-security", "ipv4", "ipv6"]


def _unescaped(value: str) -> str:
    """As GKeyFile reads it."""
    parts = iter(value)
    return "".join({"s": " ", "\\": "\\"}[next(parts)] if one == "\\" else one for one in parts)


@pytest.mark.parametrize(
    ("ssid", "security", "password", "word"),
    [
        (b"", Security.WPA, "12345678", "bad_name"),
        (b"x" * 33, Security.OPEN, "", "bad_name"),
        ("\u00fc".encode() * 17, Security.OPEN, "", "bad_name"),
        (b"x", Security.WPA, "1234567", "bad_length"),
        (b"x", Security.WPA, "x" * 64, "bad_length"),
        (b"x", Security.WPA, "\u00e4" * 32, "bad_length"),
        (b"x", Security.WPA, "12345678\n[ipv4]\nmethod=manual", "bad_letters"),
        (b"x", Security.WPA, "12345678\0", "bad_letters"),
        (b"x", Security.WPA3, "", "bad_length"),
        (b"x", Security.ENTERPRISE, "12345678", "not_supported"),
        (b"x", Security.WEP, "12345", "not_supported"),
    ],
)
def test_what_no_network_can_have_is_refused_with_a_word(
    ssid: bytes, security: Security, password: str, word: str
) -> None:
    with pytest.raises(WrongWish, match=f"^{word}$"):
        Wish(ssid, security, password)
    assert all(word in texts for texts in setup_pages.TEXTS.values())


def test_a_wish_never_shows_its_password() -> None:
    assert "small vessels" not in f"{WISH!r} {WISH}"


def test_networks_are_listed_once_each_with_how_one_gets_in() -> None:
    told = (
        "4B6C696E696B:40:WPA2:(none):pair_ccmp group_ccmp psk\n"
        "4B6C696E696B:81:WPA2:(none):pair_ccmp group_ccmp psk\n"
        "64726569:30:WPA3:(none):pair_ccmp group_ccmp sae\n"
        "6D697865:30:WPA2 WPA3:(none):pair_ccmp group_ccmp psk sae\n"
        "686F74656C:20::(none):(none)\n"
        "6F7765:10:OWE:(none):pair_ccmp group_ccmp owe\n"
        "6669726D61:99:WPA2 802.1X:(none):pair_ccmp group_ccmp 802.1X\n"
        "616C74:5:WEP:(none):(none)\n"
        ":60:WPA2:(none):pair_ccmp group_ccmp psk\n"
        "000000:60:WPA2:(none):pair_ccmp group_ccmp psk\n"
    )
    found = {one.name: (one.signal, one.security.value) for one in found_in(told)}
    assert found == {
        "firma": (99, "enterprise"),
        "Klinik": (81, "wpa-psk"),
        "drei": (30, "sae"),
        "mixe": (30, "wpa-psk"),
        "hotel": (20, "open"),
        "owe": (10, "owe"),
        "alt": (5, "wep"),
    }


def test_a_name_cannot_turn_the_text_around() -> None:
    assert name_of("Praxis\u202egnp".encode()) == "Praxis\ufffdgnp"
    assert name_of(b"\xff\x00x") == "\ufffd\ufffdx"
    assert name_of("\U0001f469\u200d\u2695\ufe0f".encode()) == "\U0001f469\u200d\u2695\ufe0f"


def test_links_are_read_from_nmcli() -> None:
    told = (
        "GENERAL.DEVICE:eth0\nGENERAL.TYPE:ethernet\nGENERAL.STATE:100 (connected)\nGENERAL.CON-UUID:abc\n"
        "IP4.ADDRESS[1]:169.254.3.4/16\nIP6.ADDRESS[1]:fe80::1/64\n\n"
        "GENERAL.DEVICE:wlan0\nGENERAL.TYPE:wifi\nGENERAL.STATE:30 (disconnected)\nGENERAL.CON-UUID:--\n\n"
        "GENERAL.DEVICE:lo\nGENERAL.TYPE:loopback\nGENERAL.STATE:100 (connected (externally))\nGENERAL.CON-UUID:--\n"
        "IP4.ADDRESS[1]:127.0.0.1/8\n"
    )
    wired, radio = links_in(told)
    assert (wired.device, wired.is_online, radio.identity, radio.is_online) == ("eth0", False, "", False)
    assert wired.addresses == ("169.254.3.4/16", "fe80::1/64")


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Error: Connection activation failed: (7) Secrets were required, but not provided.", "bad_password"),
        ("Error: Connection activation failed: Secrets were required, but not provided", "bad_password"),
        ("Error: Connection activation failed: (53) The Wi-Fi network could not be found.", "not_found"),
        (
            "Error: Connection activation failed: IP configuration could not be reserved (no available address, ...)",
            "no_address",
        ),
        ("Error: NetworkManager is not running.", "failed"),
    ],
)
def test_why_it_failed_is_one_word(said: str, word: str) -> None:
    assert reason_in(said) == word
    assert all(word in texts for texts in setup_pages.TEXTS.values())


def test_a_profile_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "nmcli").write_text("#!/bin/sh\nexit 0\n")
    (programs / "nmcli").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs) + ":/usr/bin:/bin")
    kept = tmp_path / "kept"
    kept.mkdir()
    manager = NetworkManager(kept, tmp_path / "memory")
    manager.keep("one", WISH.profile("one"))
    [file] = kept.iterdir()
    assert (file.stat().st_mode & 0o777, manager.profiles()) == (0o600, {"one": WISH.profile("one")})
    monkeypatch.setattr("os.fsync", _no_room)
    with pytest.raises(Refused, match="not_kept"):
        manager.keep("two", WISH.profile("two"))
    assert list(kept.iterdir()) == [file]


def _no_room(_line: int) -> None:
    raise OSError(28, "No space left on device")


def test_the_own_password_follows_from_the_box_and_not_from_its_number() -> None:
    assert AccessPoint.of_box("4f3a91c2aaaabbbbccccddddeeeeffff") == OWN
    other = AccessPoint.of_box("4f3a91c2aaaabbbbccccddddeeeefff0")
    assert (other.name, OWN.name) == ("nailfold 4f3a91c2",) * 2
    assert other.password != OWN.password
    assert len(OWN.password) == 14
    assert not set("01ilo") & set(OWN.password)


@pytest.fixture
def pages(box: Box) -> Iterator[SetupPages]:
    served = SetupPages(box.caretaker, OWN, ("127.0.0.1", 0))
    served.start()
    yield served
    served.stop()


def _ask(
    pages: SetupPages, path: str, host: str = "10.42.0.1", form: dict[str, str] | None = None, **headers: str
) -> tuple[int, str, str]:
    line = http.client.HTTPConnection("127.0.0.1", pages.port, timeout=20)
    body = urlencode(form) if form is not None else None
    line.request("POST" if form is not None else "GET", path, body, {"Host": host, **headers})
    said = line.getresponse()
    return said.status, said.getheader("Location", ""), said.read().decode()


def test_every_address_leads_a_telephone_to_the_page(box: Box, pages: SetupPages) -> None:
    box.radio.reach[b'<b>"Praxis"'] = "x"
    box.pass_s(60)
    for host, path in (
        ("captive.apple.com", "/hotspot-detect.html"),
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("10.42.0.1", "/x"),
    ):
        assert _ask(pages, path, host)[:2] == (302, "http://10.42.0.1/")
    status, _, page = _ask(pages, "/", **{"Accept-Language": "de-CH,de;q=0.9"})
    assert status == 200
    assert "Diese Box verbinden" in page
    assert "&lt;b&gt;&quot;Praxis&quot;" in page
    assert "<b>" not in page


def test_the_page_is_there_only_while_the_own_wifi_is_open(box: Box, pages: SetupPages) -> None:
    box.radio.cable = ("192.168.1.4/24",)
    box.pass_s(60)
    assert _ask(pages, "/")[0] == 404
    assert _ask(pages, "/join", form={"network": "other"})[0] == 404
    assert box.status.tried is None


def test_a_telephone_joins_the_clinics_network(box: Box, pages: SetupPages) -> None:
    box.radio.reach[b"Klinik"] = "small\\svessels"
    box.pass_s(60)
    value = f"{b'Klinik'.hex()} wpa-psk"
    for password, said in (("short", "8 to 63"), ("not this one", "password is wrong")):
        assert _ask(pages, "/join", form={"network": value, "password": password})[:2] == (302, "/")
        box.pass_s(1)
        assert said in _ask(pages, "/")[2]
        assert password not in _ask(pages, "/")[2]
    assert _ask(pages, "/join", form={"network": value, "password": "small vessels"})[0] == 302
    assert "Trying Klinik" in _ask(pages, "/")[2]
    box.pass_s(1)
    assert box.status.tried == Tried(b"Klinik", "joined")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/join", {"Origin": "http://evil.example"}, 403),
        ("/join", {"Content-Length": "5000"}, 400),
        ("/join", {"Content-Length": "-1"}, 400),
        ("/join", {"Content-Length": "\u0665".encode().decode("latin-1")}, 400),
        ("/other", {}, 302),
    ],
)
def test_forms_of_others_and_broken_ones_change_nothing(
    box: Box, pages: SetupPages, path: str, headers: dict[str, str], status: int
) -> None:
    box.pass_s(60)
    before = box.status
    assert _ask(pages, path, form={"network": "other", "name": "x", "security": "open"}, **headers)[0] == status
    assert box.status == before


def test_a_hidden_network_is_named_by_hand() -> None:
    form = {"network": "other", "name": "verborgen", "security": "sae", "password": "kurz"}
    assert wish_of(form, Status()) == Wish(b"verborgen", Security.WPA3, "kurz", is_hidden=True)
    for wrong in ({"network": "other", "name": "x"}, {"network": "gone"}, {}, form | {"security": "enterprise"}):
        with pytest.raises(WrongWish):
            wish_of(wrong, Status(networks=(CLINIC,)))


def test_every_language_says_everything() -> None:
    first = setup_pages.TEXTS["en"]
    assert sorted(setup_pages.TEXTS) == ["de", "en", "es", "fr", "it"]
    for texts in setup_pages.TEXTS.values():
        assert list(texts) == list(first)
        for key, text in texts.items():
            assert text.strip()
            assert sorted(part.partition("}")[0] for part in text.split("{")[1:]) == sorted(
                part.partition("}")[0] for part in first[key].split("{")[1:]
            )
    assert [language_of(one) for one in ("it-CH,de;q=0.9", "zh,fr;q=0.5", "", "*")] == ["it", "fr", "en", "en"]


@pytest.mark.parametrize(
    "word", ["bad_password", "no_address", "not_found", "failed", "not_kept", "no_radio", "bad_name"]
)
def test_each_ending_is_said_in_each_language(word: str) -> None:
    for language in setup_pages.TEXTS:
        page = page_of(Status(is_open=True, tried=Tried(b"{own}&{x}", word)), language, OWN)
        assert 'role="alert"' in page
        assert "{own}&amp;{x}" in page or "{" not in setup_pages.TEXTS["en"][word]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{",
        b"[]",
        b'"look"',
        b'{"ask": "drop"}',
        b'{"ask": "join", "ssid": "zz", "security": "open", "password": ""}',
        b"\xff",
        b'{"ask": "join", "ssid": "41", "security": "none", "password": ""}',
        b'{"ask": "join", "ssid": 5}',
        b"[" * 4000,
    ],
)
def test_the_socket_refuses_what_it_does_not_understand(box: Box, line: bytes) -> None:
    assert answer(box.caretaker, line) == {"refused": "not_understood"}
    box.pass_s(1)
    assert box.status.tried is None


def test_the_socket_tells_how_things_stand(box: Box) -> None:
    box.radio.reach[b"Klinik"] = "small\\svessels"
    line = json.dumps({"ask": "join", "ssid": b"Klinik".hex(), "security": "wpa-psk", "password": "small vessels"})
    assert answer(box.caretaker, line.encode())["status"]["trying"] == "Klinik"
    box.pass_s(1)
    said = answer(box.caretaker, b'{"ask": "look"}')["status"]
    assert said["tried"] == {"name": "Klinik", "word": "joined", "said": ""}
    assert [one["name"] for one in said["known"]] == ["Klinik"]
    assert "small" not in json.dumps(said)
    too_short = line.replace("small vessels", "small")
    assert answer(box.caretaker, too_short.encode()) == {"refused": "bad_length"}


def test_the_own_wifi_names_a_channel_on_which_every_country_lets_it_open() -> None:
    made = [AccessPoint.of_box(f"{number:08x}{'0' * 24}") for number in range(200)]
    channels = {line for one in made for line in one.profile.splitlines() if line.startswith("channel=")}
    assert channels == {"channel=1", "channel=6", "channel=11"}, (
        "left to NetworkManager it may be 12 to 14, where it never opens"
    )
