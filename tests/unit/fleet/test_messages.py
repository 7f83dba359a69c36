"""The fleet's messages against their schema files, and the messages of old boxes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from appliance import schemas
from appliance.domain.box_topics import BoxTopics, TopicPlace, place_of
from appliance.domain.errors import ExportError
from appliance.domain.instant import from_rfc3339
from appliance.domain.journal import JournalEntry, next_entry, seal
from appliance.fleet.audit import Audit, audit_of
from appliance.fleet.jobs import JobState
from appliance.fleet.message import Message, read_message
from appliance.fleet.schema_files import MESSAGES, file_name, schema_of
from appliance.fleet.shadow import ShadowDesired, ShadowReported, delta

FOLDER = Path(__file__).parents[2] / "data" / "fleet_messages"
Kind = type[Message]
each_kind = pytest.mark.parametrize("kind", MESSAGES, ids=file_name)
NOT_ON_THE_WIRE_BY_THEMSELVES = {"nailfold.analysis-1", "nailfold.figures-2"}


def recorded(kind: Kind) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / f"{file_name(kind)}.json").read_text("utf-8"))
    return document


@each_kind
def test_schema_file_says_what_the_type_says(kind: Kind) -> None:
    assert schemas.load_schema(file_name(kind)) == schema_of(kind), "make schemas was not run"


def test_every_schema_has_the_message_of_an_old_box() -> None:
    kept = {file.stem for file in FOLDER.glob("*.json")}
    assert kept == set(schemas.NAMES) - NOT_ON_THE_WIRE_BY_THEMSELVES


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_message_of_an_old_box_is_still_valid(file: Path) -> None:
    document = json.loads(file.read_text("utf-8"))
    assert document["schema"].replace("/", "-") == file.stem
    schemas.validate(file.stem, document)


@each_kind
def test_message_goes_through_its_type_unchanged(kind: Kind) -> None:
    message = read_message(kind, json.dumps(recorded(kind)).encode())
    assert json.loads(message.payload()) == recorded(kind)
    schemas.validate(file_name(kind), json.loads(message.payload()))


def without_first_required(document: dict[str, Any], kind: Kind) -> None:
    del document[schema_of(kind)["required"][1]]


def with_an_unknown_member(document: dict[str, Any], _: Kind) -> None:
    document["patient"] = "NC-0042"


def of_a_later_number(document: dict[str, Any], _: Kind) -> None:
    document["schema"] = document["schema"].replace("/1", "/2")


@each_kind
@pytest.mark.parametrize("spoil", [without_first_required, with_an_unknown_member, of_a_later_number])
def test_schema_and_type_refuse_the_same(kind: Kind, spoil: Callable[[dict[str, Any], Kind], None]) -> None:
    document = recorded(kind)
    spoil(document, kind)
    with pytest.raises(schemas.SchemaError):
        schemas.validate(file_name(kind), document)
    with pytest.raises(ExportError, match=f"this is no {kind.NAME}"):
        read_message(kind, json.dumps(document).encode())


def test_journal_entry_can_be_checked_from_its_message_alone() -> None:
    at = datetime(2026, 11, 30, 9, 0, 0, 123456, tzinfo=timezone.utc)
    entry = next_entry(None, at, "ana", "exam:1", "exam.finished", {"images": 2, "note": None, "ä": [1.5, {"b": None}]})
    audit = read_message(Audit, audit_of(entry).payload())
    again = JournalEntry(
        audit.seq,
        from_rfc3339(audit.at),
        audit.actor,
        audit.subject,
        audit.action,
        dict(audit.detail),
        audit.previous_hash,
        audit.hash,
    )
    assert seal(again) == entry.hash
    assert seal(replace(again, actor="eve")) != entry.hash


def test_delta_is_what_is_desired_and_not_in_force() -> None:
    ts = "2026-11-30T09:00:00.000Z"
    desired = ShadowDesired(version=4, settings={"a.b": 1, "a.c": True, "a.d": [1]}, ts=ts)
    reported = ShadowReported(version=1, desired_version=3, settings={"a.b": 1, "a.c": False}, refused={}, ts=ts)
    assert delta(desired, reported) == {"a.c": True, "a.d": [1]}


def test_job_states_are_final_or_not() -> None:
    going_on = {state for state in JobState if not state.is_final}
    assert going_on == {JobState.QUEUED, JobState.DEFERRED, JobState.IN_PROGRESS}


@pytest.mark.parametrize(
    "topic",
    [
        "nailfold/v1/a/b",
        "nailfold/v1/a//state",
        "nailfold/v2/a/b/state",
        "x/nailfold/v1/a/b/s",
        "nailfold/v1/+/b/s",
    ],
)
def test_topic_of_no_box_has_no_place(topic: str) -> None:
    assert place_of(topic) is None


def test_place_of_a_topic_is_its_site_box_and_rest() -> None:
    topics = BoxTopics("clinic-1", "box-7")
    assert place_of(topics.result("m")) == TopicPlace("clinic-1", "box-7", "results/m")
    assert place_of(topics.job_update("j")) == TopicPlace("clinic-1", "box-7", "jobs/j/update")
    assert topics.job_get("j") == "nailfold/v1/clinic-1/box-7/jobs/j/get"
    assert topics.audit(3) == "nailfold/v1/clinic-1/box-7/audit/3"
    assert topics.receipt("m") == "nailfold/v1/clinic-1/box-7/receipts/m"
    assert topics.shadow_desired.removesuffix("desired") == topics.shadow_reported.removesuffix("reported")
    assert {topics.telemetry, topics.jobs_notify, topics.resend} == {
        f"nailfold/v1/clinic-1/box-7/{rest}" for rest in ("telemetry", "jobs/notify", "resend")
    }
