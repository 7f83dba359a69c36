"""How far a time that a box states can be believed. Nothing is refused for it: the exam has been made.

A box without a battery for its clock begins in 1970, and one whose battery fails can say any year.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, Table, case, or_

_FIRST_YEAR = 2020
"""No box is older."""
_MOST_AHEAD = timedelta(days=1)


def is_doubtful(stated: datetime, came: datetime) -> bool:
    """Whether it cannot be true of something that was here at `came`. A clock that is a little ahead is no fault."""
    return stated.year < _FIRST_YEAR or stated > came + _MOST_AHEAD


def likely_end(table: Table) -> ColumnElement[str]:
    """When an exam ended: as the box says, or when it came where that cannot be. A column of text, as both are."""
    stated, came = table.c.finished_at, table.c.stored_at
    return case((or_(stated < str(_FIRST_YEAR), stated > came), came), else_=stated).cast(String)
