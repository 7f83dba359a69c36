"""Markup in what people typed is shown as they typed it, on every page."""

import html

from tests.support.hostile_texts import EVIL, MARK, fill_with_evil
from tests.support.page_client import log_in
from tests.support.page_station import PageStation


def test_no_page_takes_what_people_typed_for_its_own(station: PageStation) -> None:
    addresses = fill_with_evil(station)
    browser = log_in(station.app.test_client())
    shown = 0
    for name, path in addresses.items():
        text = browser.get(path).text
        assert f"<b {MARK}" not in text, name
        assert f"<script {MARK}" not in text, name
        assert "1337" not in text, f"{name} took it for a template"
        shown += EVIL in html.unescape(text)
    assert shown >= 10, "it is shown, and not left out"
