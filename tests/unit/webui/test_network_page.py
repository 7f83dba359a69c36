"""Cable and Wi-Fi under Settings: the page, over the box's own network service and its socket."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.apps.station.network_client import NetworkClient
from appliance.domain.errors import NetworkError
from tests.support.accounts import OPERATOR, PHYSICIAN
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from tests.support.radio_box import RadioBox

# After what makes the programs of the image importable.
from network_socket import NetworkSocket  # isort: skip

NAME = 'Praxis \U0001f469 "S\u00fcd" <b>'


@pytest.fixture
def box(tmp_path: Path) -> Iterator[RadioBox]:
    made = RadioBox()
    made.radio.reach |= {NAME.encode(): "small\\svessels", b"Firma": "x"}
    served = NetworkSocket(tmp_path / "network.sock", made.caretaker)
    served.start()
    yield made
    served.stop()


@pytest.fixture
def station(tmp_path: Path, box: RadioBox) -> PageStation:
    return PageStation(network_socket=tmp_path / "network.sock")


@pytest.fixture
def client(station: PageStation) -> FlaskClient:
    return log_in(station.app.test_client())


def test_a_network_is_found_joined_and_forgotten(box: RadioBox, station: PageStation, client: FlaskClient) -> None:
    assert "/settings/network/" in client.get("/settings").text
    box.pass_s(1)
    assert client.post("/settings/network/search").status_code == 302
    box.pass_s(1)
    page = client.get("/settings/network/").text
    value = f"{NAME.encode().hex()} wpa-psk"
    assert f'value="{value}"' in page
    assert "<b>" not in page
    for password, said in (("not this one", "password is wrong"), ("small vessels", "The box is on Praxis")):
        assert client.post("/settings/network/join", data={"network": value, "password": password}).status_code == 302
        assert "Trying Praxis" in client.get("/settings/network/").text
        box.pass_s(1)
        page = client.get("/settings/network/").text
        assert said in page
        assert password not in page
    assert "192.168.7.5/24" in page
    [identity] = re.findall(r'name="identity" value="([^"]+)"', page)
    client.post("/settings/network/forget", data={"identity": identity})
    box.pass_s(1)
    assert "identity" not in client.get("/settings/network/").text
    written = [entry.detail for entry in station.journal.entries() if entry.action == "box.network"]
    assert [list(detail) for detail in written] == [["joining"], ["joining"], ["forgotten"]]
    assert "vessels" not in str(written)


def test_a_hidden_network_is_named_by_hand(box: RadioBox, client: FlaskClient) -> None:
    form = {"network": "other", "name": "Firma", "security": "wpa-psk", "password": "12345678"}
    client.post("/settings/network/join", data=form)
    assert "Trying Firma" in client.get("/settings/network/").text
    box.pass_s(1)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"network": "41 wpa-psk", "password": "short"}, "8 to 63"),
        ({"network": "41 wpa-psk", "password": "line\nbreak"}, "no password can have"),
        ({"network": "41 enterprise", "password": ""}, "WEP"),
        ({"network": "other", "name": "", "security": "open"}, "at most 32 bytes"),
        ({"network": "other", "name": "\u00fc" * 17, "security": "open"}, "at most 32 bytes"),
        ({"network": "other", "name": "x", "security": "none"}, "cannot be understood"),
        ({"network": "zz open"}, "cannot be understood"),
        ({}, "cannot be understood"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    box: RadioBox, client: FlaskClient, form: dict[str, str], said: str
) -> None:
    answer = client.post("/settings/network/join", data=form)
    assert (answer.status_code, said in answer.text) == (200, True)
    box.pass_s(1)
    assert box.status.tried is None


def test_it_is_the_administrators_alone(station: PageStation) -> None:
    for name in (OPERATOR, PHYSICIAN):
        other = log_in(station.app.test_client(), name)
        assert other.get("/settings/network/").status_code == 403
        assert other.post("/settings/network/join", data={"network": "41 open"}).status_code == 403


def test_a_computer_that_is_no_box_shows_no_such_page(tmp_path: Path) -> None:
    client = log_in(PageStation(network_socket=tmp_path / "none" / "network.sock").app.test_client())
    assert "/settings/network/" not in client.get("/settings").text
    assert "not left to nailfold" in client.get("/settings/network/").text


def test_a_service_that_is_down_or_talks_nonsense_is_told(tmp_path: Path) -> None:
    station = PageStation(network_socket=tmp_path / "network.sock")
    client = log_in(station.app.test_client())
    assert "does not answer" in client.get("/settings/network/").text
    with pytest.raises(NetworkError, match="no_answer"):
        NetworkClient(station.journal, tmp_path / "network.sock").look()
