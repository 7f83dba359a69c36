"""The fleet's database, on SQLite and on a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.apps.fleet_server.database import FleetDatabase
from tests.support.postgres import Postgres, postgres_folder


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    if postgres_folder() is None:
        pytest.skip("PostgreSQL is not installed")
    with Postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FleetDatabase]:
    url = f"sqlite:///{tmp_path}/fleet.sqlite3"
    if request.param == "postgresql":
        running: Postgres = request.getfixturevalue("postgres")
        running.empty()
        url = running.url
    with FleetDatabase(url) as opened:
        yield opened
