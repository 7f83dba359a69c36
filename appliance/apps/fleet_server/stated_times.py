"""How far a time that a box states can be believed. Nothing is refused for it: the exam has been made.

A box without a battery for its clock begins in 1970, and one whose battery fails can say any year.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, Table, and_, case, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

_FIRST_YEAR = 2020
"""No box is older."""
_MOST_AHEAD = timedelta(days=1)


class _LatestTrue(FunctionElement[str]):
    """`came + _MOST_AHEAD` of a column of text, as text."""

    type = String()
    inherit_cache = True


def is_doubtful(stated: datetime, came: datetime) -> bool:
    """Whether it cannot be true of something that was here at `came`. A clock that is a little ahead is no fault."""
    return stated.year < _FIRST_YEAR or stated > came + _MOST_AHEAD


def likely_end(table: Table) -> ColumnElement[str]:
    """When an exam ended: as the box says, or when it came where that cannot be. A column of text, as both are."""
    stated, came = table.c.finished_at, table.c.stored_at
    # The second alone would do; the first spares almost every row the arithmetic.
    is_ahead = and_(stated > came, stated > _LatestTrue(came))
    return case((or_(stated < str(_FIRST_YEAR), is_ahead), came), else_=stated).cast(String)


@compiles(_LatestTrue, "sqlite")
def _latest_on_sqlite(element: _LatestTrue, compiler: Any, **named: Any) -> str:
    came = compiler.process(element.clauses, **named)
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {came}, '+{_MOST_AHEAD.days} day')"


@compiles(_LatestTrue, "postgresql")
def _latest_on_postgresql(element: _LatestTrue, compiler: Any, **named: Any) -> str:
    came = f"CAST({compiler.process(element.clauses, **named)} AS timestamptz) AT TIME ZONE 'UTC'"
    return f"to_char({came} + interval '{_MOST_AHEAD.days} day', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
