"""Pages for IPv4 and IPv6 from one socket: a clinic's network may have either alone."""

import socket
import urllib.request

import pytest
from flask import Flask, request

from appliance.apps.station.vitals import web_answers
from tests.support.page_station import PageStation
from webui.serving.listener import network_of, without_mapping
from webui.serving.patient_server import listen
from webui.serving.server import serve
from webui.settings import WebSettings

needs_both = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this computer has no IPv6")


@needs_both
def test_who_asks_is_known_by_an_address_of_its_own_kind() -> None:
    app = Flask("test")
    app.add_url_rule("/health/alive", view_func=lambda: request.remote_addr or "")
    settings = WebSettings(host="::", port=0, plain_http_on_network=True, tls=WebSettings().tls.OFF)
    served = serve(app, PageStation().services, settings)
    try:
        port = int(served.url.rpartition(":")[2])
        assert served.url == f"http://[::]:{port}"
        assert web_answers(served.url)
        for host, seen in (("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")):
            with urllib.request.urlopen(f"http://{host}:{port}/health/alive", timeout=20) as answer:
                assert answer.read().decode() == seen
    finally:
        served.stop()


@needs_both
def test_each_ipv4_address_has_places_of_its_own() -> None:
    with listen(WebSettings(host="::", port=0, connections_per_address=1, tls=WebSettings().tls.ON)) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        callers = [socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.0.{n}", 0)) for n in (2, 3)]
        taken = [bound.accept()[0] for _ in callers]
        assert [one.getpeername()[0] for one in taken] == ["127.0.0.2", "127.0.0.3"]
        callers.append(socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.2", 0)))
        with pytest.raises(ConnectionAbortedError):
            bound.accept()
        for one in (*callers, *taken):
            one.close()


def test_a_computer_without_ipv6_is_served_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with listen(WebSettings(host="::", port=0, tls=WebSettings().tls.ON)) as bound:
        assert bound.family is socket.AF_INET


@pytest.mark.parametrize(
    ("address", "itself", "network"),
    [
        ("::ffff:192.168.1.4", "192.168.1.4", "192.168.1.4"),
        ("192.168.1.4", "192.168.1.4", "192.168.1.4"),
        ("2001:db8::7", "2001:db8::7", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::1%eth0", "fe80::/64"),
        ("nonsense", "nonsense", "nonsense"),
    ],
)
def test_addresses_are_counted_by_computer(address: str, itself: str, network: str) -> None:
    assert (without_mapping(address), network_of(without_mapping(address))) == (itself, network)
