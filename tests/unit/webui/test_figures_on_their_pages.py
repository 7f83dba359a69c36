"""Each page shows the figures that the table puts there, in its order."""

import re

from flask.testing import FlaskClient

from appliance.domain.figure_definition import Place
from appliance.domain.figure_definitions import METRICS, figures_at


def test_the_live_page_shows_its_figures_with_their_decimals(client: FlaskClient) -> None:
    shown = re.findall(r'data-reading="(\w+)" data-decimals="(\d)"', client.get("/").text)
    wanted = (*figures_at(Place.LIVE_READINGS), *figures_at(Place.LIVE_SHAPES))
    assert shown == [(key, str(METRICS[key].decimals)) for key in wanted]


def test_the_review_page_shows_its_figures_with_their_decimals(client: FlaskClient, finished_exam: str) -> None:
    link = re.search(r"/exams/[\w-]+/images/[\w-]+/review", client.get(f"/exams/{finished_exam}").text)
    assert link is not None
    shown = re.findall(r'data-metric="(\w+)"', client.get(link[0]).text)
    assert shown == list(figures_at(Place.REVIEW_PANEL))
    decimals = client.get(f"/api/v1{link[0]}").json["decimals"]
    assert [decimals[key] <= METRICS[key].decimals for key in shown] == [True] * len(shown)
    assert decimals["density_per_mm"] == 0, "one loop over a seventh of a millimetre is off by several"


def test_the_exam_page_shows_cards_fingers_and_pictures(client: FlaskClient, finished_exam: str) -> None:
    page = client.get(f"/exams/{finished_exam}").text
    assert re.findall(r'data-figure="(\w+)"', page) == list(figures_at(Place.EXAM_CARDS))
    explained = re.findall(r'data-explain="(\w+)"', page)
    for place in (Place.FINGER_COLUMNS, Place.PICTURE_COLUMNS):
        wanted = list(figures_at(place))
        starts = range(len(explained) - len(wanted) + 1)
        assert any(explained[at : at + len(wanted)] == wanted for at in starts), place
