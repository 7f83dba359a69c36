"""DNS rebinding: another site's name that points to this box."""

import pytest

from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from webui.auth.host_names import HostNames
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
