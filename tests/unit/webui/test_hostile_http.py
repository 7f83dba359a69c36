"""Requests that no browser makes, and what every answer says to one."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from tests.unit.webui.test_roles import LEAVING, path_of, rules
from webui.localisation import language
from webui.settings import WebSettings

HOST = b"Host: 127.0.0.1\r\n"
SAFE = ("GET", "HEAD", "OPTIONS")
PROTECTING = ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options")
SMUGGLED = b"GET /about HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, int]]:
    settings = WebSettings(port=0, head_timeout_s=0.3, body_timeout_s=0.3, connections_per_address=200)
    with PageStation(settings) as station:
        place = urlsplit(station.url)
        assert place.hostname is not None
        assert place.port is not None
        yield place.hostname, place.port


def answers(place: tuple[str, int], said: bytes) -> list[bytes]:
    """Every answer that comes until the station ends the connection."""
    came = b""
    with socket.create_connection(place, timeout=10) as connection:
        try:
            connection.sendall(said)
            while piece := connection.recv(65536):
                came += piece
        except ConnectionError:
            pass  # ended before everything was sent
    return [b"HTTP/1.1 " + one for one in came.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!" + SMUGGLED, 400),
        (b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 5, 6\r\n\r\nhello!" + SMUGGLED, 400),
        (b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\nhello" + SMUGGLED, 400),
        (b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\nx" + SMUGGLED, 413),
        (
            b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + SMUGGLED,
            400,
        ),
        (b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
        (b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n" + SMUGGLED, 400),
        (b"GET /login HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n", 400),
        (b"GET /login HTTP/1.1\r\n" + HOST + b"X: a\rSet-Cookie: b\r\n\r\n", 400),
        (b"GET /login HTTP/1.1\r\n" + HOST + b"Host: other.example\r\n\r\n", 400),
        (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 505),
        (b"GET /login HTTP/3.7\r\n" + HOST + b"\r\n", 505),
        (b"CONNECT other.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"TRACE /login HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"GET http://other.example/login HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED, 400),
        (b"GET http://127.0.0.1/login HTTP/1.1\r\nHost: other.example\r\n\r\n", 400),
        (b"GET http://other.example@127.0.0.1/login HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET file:///etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET login HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (bytes.fromhex("16030100c8010000c40303") + bytes(200), 400),
    ],
    ids=lambda one: repr(one[:60]) if isinstance(one, bytes) else str(one),
)  # fmt: skip
def test_a_request_that_two_readers_would_read_differently_is_refused_and_ends_the_connection(
    served: tuple[str, int], said: bytes, status: int
) -> None:
    (answer,) = answers(served, said)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    head = answer.partition(b"\r\n\r\n")[0].lower()
    for name in PROTECTING:
        assert name.lower().encode() in head


@pytest.mark.parametrize("address", [b"http://127.0.0.1", b"HTTPS://127.0.0.1"])
def test_a_request_that_names_the_whole_address_gets_its_page(served: tuple[str, int], address: bytes) -> None:
    """As a client writes that takes the box for its proxy: every server has to take it (RFC 9112, 3.2.2)."""
    (answer,) = answers(
        served, b"GET " + address + b"/static/icon.svg HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"<svg" in answer


@pytest.mark.parametrize("said", [b"GET /login\r\n", b"GET", b""])
def test_half_a_request_of_another_time_gets_no_answer_and_an_end(served: tuple[str, int], said: bytes) -> None:
    assert answers(served, said) == []


@pytest.mark.parametrize("cookie", ["a" * 16_384, "; ".join(f"c{number}=x" for number in range(500))])
def test_many_and_large_cookies_are_nobody(stranger: FlaskClient, cookie: str) -> None:
    for name in ("", "nailfold_session=", "nailfold_device=", "nailfold_language=", "nailfold_theme="):
        answer = stranger.get("/login", headers={"Cookie": name + cookie})
        assert answer.status_code == 200
        assert "a" * 100 not in answer.text


def test_a_browser_that_names_thousands_of_languages_is_asked_once_a_page(
    stranger: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ask = [], language._asked_for
    monkeypatch.setattr(language, "_asked_for", lambda: asked.append(1) or ask())
    many = ",".join(f"x{number};q=0.{number % 9}" for number in range(4000)) + ",de;q=0.1"
    assert 'lang="de"' in stranger.get("/login", headers={"Accept-Language": many}).text
    assert len(asked) == 1


def test_every_answer_keeps_foreign_code_and_frames_out(station: PageStation, client: FlaskClient) -> None:
    asked = [("GET", path_of(rule)) for rule in rules(station) if "GET" in (rule.methods or ())]
    wrong = [("GET", "/nowhere"), ("DELETE", "/about"), ("POST", "/api/v1/exam/start"), ("GET", "/static/nowhere.js")]
    for method, path in (*asked, *wrong):
        with client.open(path, method=method) as answer:
            for name in PROTECTING:
                assert name in answer.headers, f"{method} {path} answered {answer.status_code} without {name}"
            if answer.mimetype == "text/html":
                assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_no_route_changes_anything_for_a_page_of_another_site(station: PageStation) -> None:
    """With the person's cookie, which no other site gets, but without the token that only our pages know."""
    browser = log_in(station.app.test_client())
    token = browser.environ_base.pop("HTTP_X_CSRFTOKEN")
    before = len(station.journal.entries())
    tried = 0
    for rule in rules(station):
        for method in sorted((rule.methods or set()) - set(SAFE)):
            if rule.endpoint in LEAVING:
                continue
            for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
                answer = browser.open(path_of(rule), method=method, data="{}", content_type=content_type)
                is_refused = answer.status_code == 400 or rule.endpoint == "auth.set_up"  # which is over
                assert is_refused, f"{method} {rule} as {content_type} answered {answer.status_code}"
            foreign = {"Origin": "https://evil.example", "X-CSRFToken": token}
            sideways = {"Sec-Fetch-Site": "same-site", "X-CSRFToken": token}
            for headers in (foreign, sideways):
                answer = browser.open(path_of(rule), method=method, json={}, headers=headers)
                assert answer.status_code == 400, f"{method} {rule} with {headers} answered {answer.status_code}"
            tried += 1
    assert tried > 80
    assert len(station.journal.entries()) == before
