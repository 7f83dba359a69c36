"""Brokers of two makes, and the fleet's side of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import Broker, mosquitto_binary
from tests.support.ejabberd import EjabberdHost, EjabberdNode, ejabberd_libraries
from tests.support.fleet_side import Fleet


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture(scope="session")
def ejabberd_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EjabberdNode]:
    """One for all tests: it takes seconds to start."""
    if ejabberd_libraries() is None:
        pytest.skip("ejabberd is not installed: the second broker is not tried")
    with EjabberdNode(tmp_path_factory.mktemp("ejabberd") / "node") as running:
        yield running


@pytest.fixture(params=("mosquitto", "ejabberd"))
def each_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker | EjabberdHost]:
    """What holds on a broker of any make is tried on two."""
    if request.param == "ejabberd":
        node: EjabberdNode = request.getfixturevalue("ejabberd_node")
        yield node.host()
        return
    if mosquitto_binary() is None:
        pytest.skip("mosquitto is not installed")
    with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def fleet(broker: Broker, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path, broker)
    yield made
    made.database.close()


@pytest.fixture
def each_fleet(each_broker: Broker | EjabberdHost, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path, each_broker)
    yield made
    made.database.close()
