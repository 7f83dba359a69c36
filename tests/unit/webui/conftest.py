"""A station whose pages are asked by Flask's test client."""

from collections.abc import Callable

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.support.exam_parts import shown_frame
from tests.support.page_client import log_in
from tests.support.page_station import PageStation


@pytest.fixture
def station() -> PageStation:
    return PageStation()


@pytest.fixture
def stranger(station: PageStation) -> FlaskClient:
    """A browser in which nobody is logged in."""
    return station.app.test_client()


@pytest.fixture
def client(stranger: FlaskClient) -> FlaskClient:
    """The administrator's browser; sends its token with every request."""
    return log_in(stranger)


@pytest.fixture
def take_picture(station: PageStation) -> Callable[[], None]:
    """Lets the camera deliver one more picture."""

    def take() -> None:
        image = np.full((48, 64, 3), (150, 90, 60), np.uint8)
        frame = station.next_frame(image)
        analysis = shown_frame(frame.seq, frame.captured_monotonic_s).analysis
        station.show(frame, analysis)

    return take


@pytest.fixture
def finished_exam(client: FlaskClient, take_picture: Callable[[], None]) -> str:
    """The id of an exam with one picture."""
    client.post("/api/v1/exam/start", json={"pseudonym": "NC-0042", "is_new": True})
    take_picture()
    client.post("/api/v1/exam/capture")
    return str(client.post("/api/v1/exam/finish").json["finished_exam_id"])
