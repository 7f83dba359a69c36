"""The journals of every box, checked link by link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, literal, select, tuple_

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.tables import Whose, audit, audit_acceptances, audit_aside, audit_heads, of_box
from appliance.domain.errors import StoreError
from appliance.domain.instant import to_rfc3339
from appliance.domain.journal import FIRST_LINK, seal
from appliance.fleet.audit import Audit, entry_of

_JUST_NOW = timedelta(minutes=5)


@dataclass(frozen=True)
class AcceptedJournal:
    """That a person took a journal for good which was another than before.

    Attributes:
        at: RFC 3339 in UTC.
        problem: what was wrong with it.
    """

    at: str
    by: str
    because: str
    problem: str


class AuditStore:
    """Entries of the boxes' journals. Every method raises StoreError; calls from any thread and process."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def take(self, whose: Whose, entries: Sequence[Audit], now_utc: datetime) -> int:
        """Keep them; up to which number the journal is now here without a gap and as it was sealed."""
        heard_at = to_rfc3339(now_utc, "microseconds")
        with self._database.transaction("keep a box's journal") as connection:
            rows = [
                {
                    "site": whose[0],
                    "box": whose[1],
                    "seq": one.seq,
                    "document": one.model_dump_json(by_alias=True),
                    "hash": one.hash,
                    "heard_at": heard_at,
                }
                for one in entries
            ]
            connection.execute(self._database.insert_once(audit), rows)
            return self._advance(connection, whose, _another(connection, whose, entries))

    def entries(self, whose: Whose, limit: int = 100) -> tuple[Audit, ...]:
        """The newest so many of one box, newest first."""
        return tuple(one for one, _ in self.heard_entries(whose, limit))

    def heard_entries(self, whose: Whose, limit: int) -> tuple[tuple[Audit, str], ...]:
        """The same, each with when it came (RFC 3339 in UTC)."""
        kept = select(audit.c.document, audit.c.heard_at).where(of_box(audit, whose))
        query = kept.order_by(audit.c.seq.desc()).limit(limit)
        with self._database.transaction("read a box's journal") as connection:
            return tuple((Audit.model_validate_json(text), heard) for text, heard in connection.execute(query))

    def have(self, names: Sequence[Whose]) -> dict[Whose, int]:
        """Up to which number each box's journal is here without a gap; 0 for one that has told nothing."""
        of_them = tuple_(audit_heads.c.site, audit_heads.c.box).in_(names)
        query = select(audit_heads.c.site, audit_heads.c.box, audit_heads.c.seq).where(of_them)
        with self._database.transaction("read the boxes' journals") as connection:
            heads = {(site, box): int(seq) for site, box, seq in connection.execute(query)}
        return {whose: heads.get(whose, 0) for whose in names}

    def problem(self, whose: Whose) -> str:
        """Why a box's journal is not what it was; empty while all is well, and again once a person has accepted it."""
        with self._database.transaction("read a box's journal") as connection:
            return connection.execute(select(audit_heads.c.problem).where(of_box(audit_heads, whose))).scalar() or ""

    def compare(self, whose: Whose, seq: int, link: str, now_utc: datetime) -> None:
        """What a box said at its birth about the end of its journal, with what is here.

        A database that was put back to before has an end that was an end once. It tells nothing until it has grown as
        long again, so nobody would see it in the entries. Those that came just now may be younger than the birth.
        """
        long_ago = to_rfc3339(now_utc - _JUST_NOW, "microseconds")
        with self._database.transaction("compare a box's journal") as connection:
            same = select(audit.c.hash).where(of_box(audit, whose), audit.c.seq == seq)
            here = connection.execute(same).scalar()
            later = select(func.max(audit.c.seq)).where(
                of_box(audit, whose), audit.c.seq > seq, audit.c.heard_at < long_ago
            )
            had = connection.execute(later).scalar()
            problem = ""
            if here is not None and here != link:
                problem = f"entry {seq} is another than the one that came before: the journal was replaced"
            elif had is not None:
                problem = (
                    f"it ends with entry {seq}, and entry {had} came before: the box was put back to an older state"
                )
            if problem:
                whole = and_(of_box(audit_heads, whose), audit_heads.c.problem == "")
                connection.execute(audit_heads.update().where(whole).values(problem=problem))

    def accept(self, whose: Whose, by: str, because: str, now_utc: datetime) -> str:
        """Begin anew with a journal that has a reason to be another: a restored copy, a new disk.

        What came before is set aside, not deleted. The box tells its journal from the first entry on when it hears, at
        its next birth or entry, that nothing of it is here.

        Returns:
            What was wrong.

        Raises:
            StoreError: nothing is wrong with it.
        """
        at = to_rfc3339(now_utc, "microseconds")
        with self._database.transaction("accept a box's journal") as connection:
            query = select(audit_heads.c.problem).where(of_box(audit_heads, whose)).with_for_update()
            problem = connection.execute(query).scalar() or ""
            if not problem:
                raise StoreError(f"the journal of {'/'.join(whose)} is whole", "There is nothing to accept.")
            kept = select(*audit.columns, literal(at)).where(of_box(audit, whose))
            connection.execute(audit_aside.insert().from_select([*audit.columns.keys(), "accepted_at"], kept))
            connection.execute(audit.delete().where(of_box(audit, whose)))
            connection.execute(audit_heads.delete().where(of_box(audit_heads, whose)))
            row = {"site": whose[0], "box": whose[1], "at": at, "by": by, "because": because, "problem": problem}
            connection.execute(audit_acceptances.insert(), row)
        return problem

    def acceptances(self, whose: Whose) -> tuple[AcceptedJournal, ...]:
        """Every one of a box, newest first."""
        query = (
            select(audit_acceptances).where(of_box(audit_acceptances, whose)).order_by(audit_acceptances.c.at.desc())
        )
        with self._database.transaction("read a box's journal") as connection:
            return tuple(
                AcceptedJournal(row["at"], row["by"], row["because"], row["problem"])
                for row in connection.execute(query).mappings()
            )

    def _advance(self, connection: Connection, whose: Whose, problem: str) -> int:
        query = select(audit_heads).where(of_box(audit_heads, whose)).with_for_update()
        known = connection.execute(query).mappings().first()
        seq, link = (0, FIRST_LINK) if known is None else (known["seq"], known["hash"])
        # The first that was found stays, whatever comes later: a person looks into it and accepts it, or does not.
        problem = problem or ("" if known is None else known["problem"])
        behind = select(audit.c.document).where(of_box(audit, whose), audit.c.seq > seq).order_by(audit.c.seq)
        for text in connection.execute(behind).scalars():
            entry = entry_of(Audit.model_validate_json(text))
            if entry.seq != seq + 1:
                break
            fault = ""
            if entry.previous_hash != link:
                fault = f"entry {entry.seq} does not follow the one before it: the journal was replaced"
            elif seal(entry) != entry.hash:
                fault = f"entry {entry.seq} was changed after it was written"
            if fault:
                problem = problem or fault
                break
            seq, link = entry.seq, entry.hash
        row = {"site": whose[0], "box": whose[1], "seq": seq, "hash": link, "problem": problem}
        connection.execute(self._database.replace(audit_heads), row)
        return int(seq)


def _another(connection: Connection, whose: Whose, entries: Sequence[Audit]) -> str:
    """Whether a told entry is another than the one that is here under its number; empty where none is."""
    query = select(audit.c.seq, audit.c.hash).where(of_box(audit, whose), audit.c.seq.in_([one.seq for one in entries]))
    here = {int(seq): link for seq, link in connection.execute(query)}
    other = min((one.seq for one in entries if here.get(one.seq, one.hash) != one.hash), default=None)
    return "" if other is None else f"entry {other} is another than the one that came before: the journal was replaced"
