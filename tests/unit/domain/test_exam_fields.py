"""A plain field of an exam is written and read by its type, and what it cannot hold is refused."""

from dataclasses import fields
from datetime import datetime, timezone
from typing import Any

import pytest

from appliance.domain.exam import EXAM_FIELDS, Exam, ExamState

BEGAN = datetime(2026, 12, 1, 8, 30, 0, 123_456, timezone.utc)
EXAM = Exam("an-id", "NC-1", ExamState.OPEN, BEGAN, operator="dana", is_archived=True)
BY_NAME = {field.name: field for field in EXAM_FIELDS}


def test_every_plain_attribute_of_an_exam_is_a_field() -> None:
    tables_of_their_own = {"images", "skipped"}
    assert {one.name for one in fields(Exam)} - tables_of_their_own == BY_NAME.keys()
    assert len(BY_NAME) == len(EXAM_FIELDS)


def test_every_field_is_read_as_it_was_written() -> None:
    for field in EXAM_FIELDS:
        assert field.read(field.plain(EXAM, "microseconds")) == getattr(EXAM, field.name), field.name
    assert BY_NAME["started_at_utc"].plain(EXAM) == "2026-12-01T08:30:00.123Z"
    assert (BY_NAME["state"].plain(EXAM), BY_NAME["folder_id"].plain(EXAM)) == ("open", None)


@pytest.mark.parametrize(("plain", "value"), [(1, True), (0, False), (True, True), (False, False)])
def test_a_database_has_0_and_1_for_no_and_yes(plain: object, value: bool) -> None:
    assert BY_NAME["is_archived"].read(plain) is value


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("operator", None),
        ("operator", 7),
        ("state", None),
        ("state", "asleep"),
        ("started_at_utc", None),
        ("started_at_utc", "yesterday"),
        ("is_archived", "false"),
        ("is_archived", None),
        ("finished_at_utc", 5),
    ],
)
def test_what_a_field_cannot_hold_is_refused_by_its_name(name: str, plain: Any) -> None:
    with pytest.raises(ValueError, match=f"^{BY_NAME[name].key} is "):
        BY_NAME[name].read(plain)
