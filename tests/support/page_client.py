"""Reading pages without a browser."""

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.accounts import ADMINISTRATOR, PASSWORD


def token_of(client: FlaskClient, path: str) -> str:
    """The token in a page's head."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).text)
    assert found, f"{path} carries no token"
    return found[1]


def post_login(client: FlaskClient, name: str, password: str, path: str = "/login") -> TestResponse:
    """What the login form sends, with its token."""
    data = {"name": name, "password": password, "csrf_token": token_of(client, path)}
    return client.post(path, data=data)


def log_in(client: FlaskClient, name: str = ADMINISTRATOR, password: str = PASSWORD) -> FlaskClient:
    """The client, logged in, sending its token with every request."""
    client.environ_base.pop("HTTP_X_CSRFTOKEN", None)
    answer = post_login(client, name, password)
    assert answer.status_code == 302, answer.text
    client.environ_base["HTTP_X_CSRFTOKEN"] = token_of(client, "/account/")
    return client
