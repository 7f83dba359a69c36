"""The append-only log of everything noteworthy, each entry sealed by a hash over itself and the one before."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from appliance.domain.json_value import JsonObject

FIRST_LINK = "0" * 64
"""What the first entry names as its predecessor's hash."""


ALARM = "journal.alarm"
"""The entry that says that the journal is no longer the one that was remembered; it can never be verified again."""


@dataclass(frozen=True)
class JournalEntry:
    """One action of one actor.

    Attributes:
        seq: 1, 2, 3, ... without gaps.
        at_utc: when it was written, to the microsecond.
        actor: the account's name; "station" for what the box does by itself.
        subject: what was acted on: "review:<exam_id>", "exam:<exam_id>", "account:<name>", "calibration:<id>".
        action: past tense with its family: "review.edited", "account.logged_in".
        detail: what is needed to understand the action later, never a patient's identity.
        previous_hash: of the entry before.
        hash: of this one, see `seal`.
    """

    seq: int
    at_utc: datetime
    actor: str
    subject: str
    action: str
    detail: JsonObject
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class JournalNote:
    """An entry that is still to be written; its words as in JournalEntry."""

    actor: str
    subject: str
    action: str
    detail: JsonObject


@dataclass(frozen=True)
class JournalHead:
    """The newest entry as somebody outside the journal remembers it; how a cut-off end is noticed."""

    seq: int
    hash: str


@dataclass(frozen=True)
class JournalState:
    """What the box tells others about its journal: a head that goes back shows them an older database.

    Attributes:
        head: the newest entry; None for an empty journal.
        alarms: how often the journal was not the one that the box remembered.
    """

    head: JournalHead | None
    alarms: int


@dataclass(frozen=True)
class JournalCheck:
    """What a verification found.

    Attributes:
        entries: how many were read.
        broken_seq: the first sequence number that is missing, changed or out of its chain; None when all is well.
        reason: in the operator's words; empty when all is well.
        head: the newest entry; None for an empty journal.
    """

    entries: int
    broken_seq: int | None
    reason: str
    head: JournalHead | None

    @property
    def is_intact(self) -> bool:
        return self.broken_seq is None


def canonical_json(value: object) -> str:
    """The one text of a JSON value: sorted keys, no blanks, UTF-8 as it is. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def next_entry(
    head: JournalHead | None, at_utc: datetime, actor: str, subject: str, action: str, detail: JsonObject
) -> JournalEntry:
    """The entry that follows `head`, sealed.

    Raises:
        ValueError: `detail` is not JSON.
    """
    seq, previous = (1, FIRST_LINK) if head is None else (head.seq + 1, head.hash)
    try:
        plain = json.loads(canonical_json(dict(detail)))
    except TypeError as error:
        raise ValueError(f"the detail of {action} is not JSON: {error}") from error
    sealed = _seal(seq, at_utc, actor, subject, action, plain, previous)
    return JournalEntry(seq, at_utc, actor, subject, action, plain, previous, sealed)


def seal(entry: JournalEntry) -> str:
    """SHA-256 (hex) over the canonical JSON of everything in the entry but its own hash."""
    return _seal(entry.seq, entry.at_utc, entry.actor, entry.subject, entry.action, entry.detail, entry.previous_hash)


def check_chain(entries: Iterable[JournalEntry], remembered: JournalHead | None) -> JournalCheck:
    """Whether the entries, oldest first, are one unbroken chain that still holds what was remembered of it.

    Args:
        remembered: from outside the journal; it may be older than the newest entry, never newer.
    """
    head: JournalHead | None = None
    alarm: JournalEntry | None = None
    for entry in entries:
        expected, link = (1, FIRST_LINK) if head is None else (head.seq + 1, head.hash)
        if entry.seq != expected:
            return JournalCheck(expected - 1, expected, f"entry {expected} is missing", head)
        if entry.previous_hash != link:
            return JournalCheck(expected, expected, f"entry {expected} does not follow the one before it", head)
        if seal(entry) != entry.hash:
            return JournalCheck(expected, expected, f"entry {expected} was changed after it was written", head)
        head = JournalHead(entry.seq, entry.hash)
        if alarm is None and entry.action == ALARM:
            alarm = entry
        if remembered is not None and remembered.seq == head.seq and remembered.hash != head.hash:
            return JournalCheck(expected, expected, f"entry {expected} is not the one that was written then", head)
    return _check_end(head, alarm, remembered)


def _check_end(head: JournalHead | None, alarm: JournalEntry | None, remembered: JournalHead | None) -> JournalCheck:
    """What an unbroken chain's end and its alarms tell."""
    count = 0 if head is None else head.seq
    if remembered is not None and remembered.seq > count:
        return JournalCheck(count, count + 1, f"entries {count + 1} to {remembered.seq} were removed", head)
    if alarm is not None:
        reason = f"{alarm.detail.get('reason', 'the journal was not the one remembered')}; entry {alarm.seq} noticed it"
        return JournalCheck(count, alarm.seq, reason, head)
    return JournalCheck(count, None, "", head)


def misfit(remembered: JournalHead, newest_seq: int, hash_then: str | None) -> str:
    """Why a journal is not the one that was remembered, in the operator's words; empty where it is.

    Args:
        newest_seq: of the journal as it is found; zero for an empty one.
        hash_then: of the entry with the remembered number; None where there is none.
    """
    if remembered.seq > newest_seq:
        return f"entries {newest_seq + 1} to {remembered.seq} were removed"
    if hash_then != remembered.hash:
        return f"entry {remembered.seq} is not the one that was written then"
    return ""


def _seal(seq: int, at_utc: datetime, actor: str, subject: str, action: str, detail: JsonObject, previous: str) -> str:
    content = {
        "seq": seq,
        "at": at_utc.astimezone(timezone.utc).isoformat(timespec="microseconds"),
        "actor": actor,
        "subject": subject,
        "action": action,
        "detail": detail,
        "previous": previous,
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
