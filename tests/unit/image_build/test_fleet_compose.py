"""The compose file of the fleet's servers fits its specification and names what is there."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner

from appliance.apps.cli import main

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "image-build/fleet"
SCHEMA = jsonschema_rs.validator_for(json.loads((ROOT / "tests/data/compose-spec.json").read_text("utf-8")))


@pytest.fixture
def composed() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    return read


def test_compose_file_fits_the_specification(composed: dict[str, Any]) -> None:
    SCHEMA.validate(composed)
    composed["services"]["database"]["imagee"] = composed["services"]["database"].pop("image")
    with pytest.raises(jsonschema_rs.ValidationError, match="imagee"):
        SCHEMA.validate(composed)


def test_every_name_that_is_used_is_declared(composed: dict[str, Any]) -> None:
    services = composed["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        assert set(service.get("secrets", ())) <= composed["secrets"].keys(), name
        assert {one["source"] for one in service.get("configs", ())} <= composed["configs"].keys(), name
        named = {one.split(":")[0] for one in service.get("volumes", ()) if not one.startswith(("/", "."))}
        assert named <= composed["volumes"].keys(), name


def test_nothing_but_broker_and_console_is_open_and_servers_may_write_nowhere_else(composed: dict[str, Any]) -> None:
    services = composed["services"]
    assert {name for name, one in services.items() if "ports" in one} == {"balancer", "console"}
    for name in ("ingest-1", "ingest-2", "console"):
        assert services[name]["read_only"], name
        assert services[name]["cap_drop"] == ["ALL"], name
        assert services[name]["user"] == "1000:1000", name


def test_commands_of_the_servers_exist(composed: dict[str, Any]) -> None:
    for name in ("ingest-1", "ingest-2", "console"):
        asked = [*composed["services"][name]["command"][:2], "--help"]
        assert CliRunner().invoke(main, asked).exit_code == 0, name


def test_workers_have_names_of_their_own(composed: dict[str, Any]) -> None:
    files = [composed["services"][name]["command"][-1] for name in ("ingest-1", "ingest-2")]
    assert len(set(files)) == 2
