"""The API's description: kept in docs/openapi.json, whole and without two things of one name."""

import json
from pathlib import Path

from flask_openapi3.blueprint import APIBlueprint

from tests.support.page_station import PageStation
from webui.serving.description import api_description

KEPT = Path(__file__).parents[3] / "docs/openapi.json"
FAULTS = {"400", "401", "403", "404", "409", "413", "422", "429", "500", "503", "507"}


def test_the_kept_description_is_what_the_station_serves(station: PageStation) -> None:
    served = json.loads(json.dumps(api_description()))
    assert served == json.loads(json.dumps(station.app.api_doc)), "with and without a station"
    kept = json.loads(KEPT.read_text())
    assert kept["paths"] == served["paths"], "make openapi"
    assert kept == served, "make openapi"


def test_two_bodies_or_answers_never_share_a_name(station: PageStation) -> None:
    assert station.app.api_doc
    seen: dict[str, tuple[str, object]] = {}
    for blueprint in station.app.blueprints.values():
        if not isinstance(blueprint, APIBlueprint):
            continue
        for name, schema in blueprint.components_schemas.items():
            where, other = seen.setdefault(name, (blueprint.name, schema))
            assert schema == other, f"{name} of {where} and {blueprint.name}"
    assert len(seen) > 80


def test_every_operation_says_what_it_does_answers_and_needs() -> None:
    for path, item in api_description()["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert set(operation["responses"]) > FAULTS, where
            successes = [status for status in operation["responses"] if status.startswith("2")]
            assert len(successes) == 1, where
            is_open = path in ("/api/v1/session", "/api/v1/setup") and method != "delete"
            assert any("session" in way for way in operation["security"]) != is_open, where
            assert all("token" in way for way in operation["security"]) == (method != "get"), where


def test_every_reference_leads_somewhere() -> None:
    description = api_description()
    components = description["components"]
    text = json.dumps(description)
    references = {part.partition('"')[0] for part in text.split('"#/components/')[1:]}
    assert len(references) > 80
    for reference in references:
        kind, name = reference.split("/")
        assert name in components[kind], reference


def test_every_body_refuses_what_it_does_not_name() -> None:
    description = api_description()
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for item in description["paths"].values()
        for operation in item.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    assert len(bodies) > 30
    for name in bodies:
        assert description["components"]["schemas"][name]["additionalProperties"] is False, name
