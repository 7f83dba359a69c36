"""Every operation of the API, asked and answered as its description says; requests are made up from it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CheckFunction
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.api_station import ApiStation

DESCRIPTION = Path(__file__).parents[2] / "docs/openapi.json"
SCHEMA = schemathesis.openapi.from_dict(json.loads(DESCRIPTION.read_text()))
SCHEMA.config.generation.update(with_security_parameters=False)  # a real login's are sent
OPERATIONS: dict[str, APIOperation[Any, Any, Any, Any]] = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations()
}
CONFORMANCE: list[CheckFunction] = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# A PDF is laid out, a file of each format is written: seconds, not milliseconds.
SLOW = {
    "GET /api/v1/exams/{exam_id}/report.pdf",
    "POST /api/v1/exports",
    "GET /api/v1/exams/{exam_id}/exports/{format}",
}


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStation]:
    with ApiStation(tmp_path_factory.mktemp("report")) as made:
        yield made


def asked(station: ApiStation, case: schemathesis.Case, *checks: CheckFunction) -> Any:
    """The answer to the request, of a login of its own: some operations end theirs."""
    client, token = station.logged_in()
    station.show_picture()
    station.make_ready(case.path)
    response = case.call(app=station.app, session=client, headers=token, buffered=True)
    assert response.status_code != 500, f"{case.as_curl_command()}\n{response.text}"
    case.validate_response(response, checks=list(checks))
    return response


def aimed(station: ApiStation, case: schemathesis.Case) -> schemathesis.Case:
    """The request with names of what there is in place of made-up ones, wherever it has a place for them."""
    known = station.known | {"seq": station.newest_seq}
    case.path_parameters = {name: known.get(name, value) for name, value in (case.path_parameters or {}).items()}
    if isinstance(case.body, dict):
        case.body = {name: station.named(name, value, case.path_parameters) for name, value in case.body.items()}
        case.body |= station.meant(case.operation.label, case.body)
    return case


def test_there_are_operations_to_ask() -> None:
    assert len(OPERATIONS) >= 90


READABLE = [label for label in OPERATIONS if label.startswith("GET")]


@pytest.mark.parametrize("label", READABLE)
def test_what_there_is_can_be_read(station: ApiStation, label: str) -> None:
    @bounded(1)
    @given(case=OPERATIONS[label].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        aimed(station, case).query = {}
        if "axis" in case.path_parameters:
            case.path_parameters["axis"] = "x"
        assert asked(station, case, *CONFORMANCE).status_code == 200

    ask()


UNDER_WAY = [label for label in OPERATIONS if "/exam/" in label]


@pytest.mark.parametrize("label", UNDER_WAY)
def test_an_exam_can_be_made(station: ApiStation, label: str) -> None:
    @bounded(3)
    @given(case=OPERATIONS[label].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        assert asked(station, aimed(station, case), *CONFORMANCE).status_code == 200

    ask()


@pytest.mark.parametrize("label", sorted(OPERATIONS, key=lambda label: label.startswith("DELETE")))
def test_what_the_description_allows_is_answered_as_it_says(station: ApiStation, label: str) -> None:
    @bounded(1 if label in SLOW else 5)
    @given(case=OPERATIONS[label].as_strategy(), hits=st.booleans())
    def ask(case: schemathesis.Case, hits: bool) -> None:
        asked(station, aimed(station, case) if hits else case, *CONFORMANCE)

    ask()


def takes_something(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    return bool(operation.path_parameters or operation.query or operation.body)


@pytest.mark.parametrize("label", [label for label, one in OPERATIONS.items() if takes_something(one)])
def test_what_the_description_does_not_allow_is_refused(station: ApiStation, label: str) -> None:
    @bounded(4)
    @given(case=OPERATIONS[label].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: schemathesis.Case) -> None:
        asked(station, case, *CONFORMANCE, negative_data_rejection)

    ask()
