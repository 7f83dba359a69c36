"""A station whose pages are asked by Flask's test client."""

from collections.abc import Callable

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.support.exam_parts import shown_frame
from tests.support.page_client import token_of
from tests.support.page_station import SECRETS, PageStation


@pytest.fixture
def station() -> PageStation:
    return PageStation()


@pytest.fixture
def stranger(station: PageStation) -> FlaskClient:
    """A browser that was not unlocked."""
    return station.app.test_client()


@pytest.fixture
def client(stranger: FlaskClient) -> FlaskClient:
    """An unlocked browser that sends its token with every request."""
    answer = stranger.post("/login", data={"code": SECRETS.printed_code, "csrf_token": token_of(stranger, "/login")})
    assert answer.status_code == 302
    stranger.environ_base["HTTP_X_CSRFTOKEN"] = token_of(stranger, "/")
    return stranger


@pytest.fixture
def take_picture(station: PageStation) -> Callable[[], None]:
    """Lets the camera deliver one more picture."""

    def take() -> None:
        image = np.full((48, 64, 3), (150, 90, 60), np.uint8)
        frame = station.next_frame(image)
        analysis = shown_frame(frame.seq, frame.captured_monotonic_s).analysis
        station.show(frame, analysis)

    return take
