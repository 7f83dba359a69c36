"""DNS rebinding: another site's name that points to this box."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from webui.auth.host_names import HostNames, is_same_origin
from webui.settings import WebSettings


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("nailfold-3:8080", True),
        ("NAILFOLD-3.local", True),
        ("nailfold-3.local.", True),
        ("scope.clinic.example", True),
        ("localhost:8080", True),
        ("192.168.1.20:8080", True),
        ("[fe80::1]:8080", True),
        ("", True),
        ("evil.example", False),
        ("nailfold-3.evil.example", False),
        ("nailfold-3@evil.example", False),
        ("evil.example@nailfold-3", False),
        ("evil.example\\@nailfold-3", False),
        ("nailfold-3/evil.example", False),
        ("nailfold-3:port", False),
        ("nailfold-3..", False),
        ("nailfold-3:80:80", False),
        ("[127.0.0.1", False),
        ("[", False),
        (" ", False),
    ],
)
def test_only_names_of_the_box_are_known(host: str, is_known: bool) -> None:
    names = HostNames(lambda: ("nailfold-3", "nailfold-3.local"), ("Scope.Clinic.Example",))

    assert names.knows(host) is is_known


@pytest.mark.parametrize("path", ["/", "/login", "/health/alive", "/api/v1/session"])
def test_a_page_under_another_sites_name_is_refused(path: str) -> None:
    client = log_in(PageStation().app.test_client())

    answer = client.get(path, headers={"Host": "evil.example"})

    assert answer.status_code == 421
    assert b"evil.example" in answer.data


def test_a_name_from_the_settings_opens_the_pages() -> None:
    browser = PageStation(WebSettings(names=("scope.clinic.example",))).app.test_client()

    assert browser.get("/login", headers={"Host": "scope.clinic.example"}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://[::1",
        "http://box:8080@evil.example",
        "http://evil.example@box:8080",
        "//box:8080",
        "box:8080",
        "null",
        "",
        "file://box:8080",
        "http://box:8080\\evil.example",
        "http://box\u2100:8080",
    ],
)
def test_a_page_of_another_or_no_origin_is_none_of_the_box(origin: str) -> None:
    assert not is_same_origin(origin, "box:8080")
    assert is_same_origin("HTTP://Box:8080", "box:8080")


@pytest.mark.parametrize("host", ["localhost..", "[::1", "a" * 64, "a." * 200 + "a", "localhost/", "\xff"])
def test_a_host_header_that_names_no_host_is_refused_in_words(host: str) -> None:
    with PageStation() as station:
        place = urlsplit(station.url)
        with socket.create_connection((place.hostname, place.port or 0), 5) as browser:
            browser.sendall(b"GET /login HTTP/1.1\r\nHost: " + host.encode("latin1") + b"\r\n\r\n")
            answer = browser.recv(4096) + browser.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"names no host" in answer


@pytest.mark.parametrize("path", ["/login", "/api/v1/session"])
def test_an_origin_that_is_no_address_is_refused_in_words(path: str) -> None:
    answer = PageStation().app.test_client().post(path, headers={"Origin": "http://[::1"})

    assert answer.status_code == 400
