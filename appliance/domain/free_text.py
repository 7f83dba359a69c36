"""Which words of the journal people typed about a patient: they may name somebody, and go with the patient."""

from collections.abc import Callable, Mapping
from typing import Any

_TEXT_OF_EDIT = (("edit", "text"), ("edit", "reason"))

FREE_TEXT: Mapping[str, tuple[tuple[str, str], ...]] = {
    "exam.skipped": (("", "reason"),),
    "report.stated": (("facts", "*"),),
    "review.concluded": (("", "text"), ("", "before")),
    "review.edited": _TEXT_OF_EDIT,
    "review.invalidated": (("", "reason"),),
    "review.redone": _TEXT_OF_EDIT,
    "review.reopened": (("", "reason"),),
    "review.undone": _TEXT_OF_EDIT,
}
"""Of each action: member of the detail ("" for the detail itself) and field; "*" is every field."""


def exam_of(subject: str) -> str | None:
    """The exam that an entry of the journal is about; None for every other subject."""
    family, _, name = subject.partition(":")
    return name if family in ("exam", "review", "facts", "report", "seen") and name else None


def with_free_text(action: str, detail: Mapping[str, Any], change: Callable[[str], str]) -> Mapping[str, Any]:
    """The detail of an entry with each text that a person typed changed; the rest, and empty texts, as they are."""
    for member, field in FREE_TEXT.get(action, ()):
        part = detail if not member else detail.get(member)
        if isinstance(part, Mapping):
            changed = {key: _changed(key, value, field, change) for key, value in part.items()}
            detail = changed if not member else {**detail, member: changed}
    return detail


def _changed(key: str, value: Any, field: str, change: Callable[[str], str]) -> Any:
    return change(value) if value and isinstance(value, str) and field in (key, "*") else value
