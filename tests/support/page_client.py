"""Reading pages without a browser."""

import re

from flask.testing import FlaskClient


def token_of(client: FlaskClient, path: str) -> str:
    """The token in a page's head."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).text)
    assert found, f"{path} carries no token"
    return found[1]
