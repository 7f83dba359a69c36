"""The fleet's database, opened."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Insert,
    LargeBinary,
    Table,
    create_engine,
    event,
    insert,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, NoSuchModuleError, SQLAlchemyError

from appliance.apps.fleet_server.patient_connection import connector
from appliance.apps.fleet_server.tables import LAYOUT, box_states, layout, metadata
from appliance.domain.errors import SettingsError, StoreError

_BUSY_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 30.0
_COUNTED = {"preserve_rowcount": True}  # SQLAlchemy forgets it for an INSERT
_BOOTS_WITH_CONNECTIONS = 4  # the layout since which `box_states.boots` has them; before, ids alone


class UnkeepableError(StoreError):
    """What was to be kept is nothing that a database holds; the same attempt fails for ever."""


class FleetDatabase:
    """SQLite or PostgreSQL behind one set of statements; usable with `with`. Several processes may share it.

    What a transaction has committed survives kill -9 and a power cut, in SQLite by `synchronous = FULL`.

    Args:
        answer_timeout_s: a statement that PostgreSQL has not answered by then has failed.

    Raises:
        SettingsError: the address names no database that can be used.
        StoreError: it cannot be opened, or is of a newer software.
    """

    def __init__(self, url: str, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        try:
            self._engine = _engine(url, answer_timeout_s)
        except (ArgumentError, NoSuchModuleError) as error:
            raise SettingsError(
                f"database.url is {url!r}", "Use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME."
            ) from error
        self._insert = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        try:
            with self._told("open the fleet's database"):
                self._prepare()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, attempt: str) -> Iterator[Connection]:
        """All statements inside are kept, or none. `attempt` is for the error's text: "keep the results"."""
        with self._told(attempt), self._engine.begin() as connection:
            yield connection

    def insert_once(self, table: Table) -> Any:
        """An INSERT that leaves a row alone which is there already."""
        return self._insert(table).on_conflict_do_nothing()

    def insert_all_or_raise(
        self, connection: Connection, table: Table, column: Column[Any], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """INSERTs that raise one column of rows which are there already, where the new value is higher.

        The rows are new to one another, and in the order in which every worker names them: so nobody waits for another.
        """
        if not rows:
            return

        def raising(statement: Any) -> Any:
            proposed = statement.excluded[column.name]
            return statement.on_conflict_do_update(
                index_elements=list(table.primary_key.columns), set_={column.name: proposed}, where=proposed > column
            )

        self._insert_all(connection, table, rows, raising)

    def insert_all_once(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
        """`insert_once` of many rows, all with the same columns; how many were new."""
        if not rows:
            return 0
        return self._insert_all(connection, table, rows, lambda statement: statement.on_conflict_do_nothing())

    def delete_all(self, connection: Connection, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        """DELETE of many rows by columns of theirs, the same in each."""
        if not keys:
            return
        names = [table.columns[name].name for name in keys[0]]
        columns = tuple_(*(table.columns[name] for name in names))
        if self._engine.dialect.name == "sqlite":
            connection.execute(table.delete().where(columns.in_([tuple(key.values()) for key in keys])))
        else:
            wanted, given = self._unpacked(table, keys)
            connection.execute(table.delete().where(columns.in_(wanted)), given)

    def _insert_all(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        otherwise: Callable[[Any], Any],
    ) -> int:
        """Of text, bytes and numbers.

        PostgreSQL gets them as one JSON document: a statement a row costs a worker more than the rest of what it does
        with a result, and an array a column almost as much.
        """
        if self._engine.dialect.name == "sqlite":
            statement = otherwise(self._insert(table))
            return connection.execute(statement, list(rows), execution_options=_COUNTED).rowcount
        unpacked, given = self._unpacked(table, rows)
        statement = otherwise(self._insert(table).from_select(list(rows[0]), unpacked))
        return connection.execute(statement, given, execution_options=_COUNTED).rowcount

    def _unpacked(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[Any, dict[str, Any]]:
        """A SELECT that gives rows to PostgreSQL, and its parameters: a JSON document, and all bytes in one piece.

        Bytes as text in the document cost both sides twice as much, and an array of them is written by Python.
        """
        columns = [table.columns[name] for name in rows[0]]
        binary = {one.name for one in columns if isinstance(one.type, LargeBinary)}
        pieces: list[bytes] = []
        document, at = [], 1
        for row in rows if binary else ():
            plain = dict(row)
            for name in binary:
                pieces.append(row[name])
                plain[name], plain[f"{name}_length"] = at, len(row[name])
                at += len(row[name])
            document.append(plain)
        types, asked = [], []
        for one in columns:
            if one.name in binary:
                types += [f"{one.name} integer", f"{one.name}_length integer"]
                asked.append(f"substring(CAST(:pieces AS bytea) FROM {one.name} FOR {one.name}_length)")
            else:
                types.append(f"{one.name} {one.type.compile(self._engine.dialect)}")
                asked.append(one.name)
        # Names of our own tables, no text of anybody.
        source = f"json_to_recordset(CAST(:rows AS json)) AS x({', '.join(types)})"
        unpacked = text(f"SELECT {', '.join(asked)} FROM {source}").columns(*columns)  # noqa: S608
        given: dict[str, Any] = {"rows": json.dumps(document if binary else list(rows))}
        return unpacked, given | ({"pieces": b"".join(pieces)} if binary else {})

    def replace(self, table: Table) -> Any:
        """An INSERT that takes the place of a row with the same key."""
        statement = self._insert(table)
        keys = list(table.primary_key.columns)
        others = {one.name: statement.excluded[one.name] for one in table.columns if not one.primary_key}
        return statement.on_conflict_do_update(index_elements=keys, set_=others)

    def hold(self, connection: Connection, table: Table) -> None:
        """Nobody else changes that table until this transaction ends: what was read of it stays true."""
        if self._engine.dialect.name == "postgresql":  # SQLite lets one write at a time anyway
            connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")

    def close(self) -> None:
        """Let go of every connection; calling it twice is harmless."""
        self._engine.dispose()

    def __enter__(self) -> "FleetDatabase":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self) -> None:
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                # Workers that start together would make the same tables at once.
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(71200314)")
            metadata.create_all(connection)
            version = connection.execute(select(layout.c.version)).scalar()
            if version is None:
                first: Insert = insert(layout).values(version=LAYOUT)
                connection.execute(first)
            elif version < LAYOUT:
                if version < _BOOTS_WITH_CONNECTIONS:
                    connection.execute(box_states.update().values(boots="[]"))
                connection.execute(layout.update().values(version=LAYOUT))  # every other step only adds tables
            elif version > LAYOUT:
                raise StoreError(
                    f"the fleet's database has layout {version}, this software knows {LAYOUT}",
                    "Install the newer version of the software again.",
                )

    @contextmanager
    def _told(self, attempt: str) -> Iterator[None]:
        try:
            yield
        except (DataError, ValueError, OverflowError) as error:
            # ValueError and OverflowError: text and numbers that the driver itself cannot hand over.
            raise UnkeepableError(f"could not {attempt}: {str(error).strip().splitlines()[0][:200]}") from error
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise StoreError(f"could not {attempt}: the database answered '{cause}'") from error


def _engine(url: str, answer_timeout_s: float) -> Engine:
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, connect_args={"timeout": _BUSY_TIMEOUT_S})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if address.get_backend_name() == "postgresql":
        engine = create_engine(address, pool_pre_ping=True)
        connect = connector(answer_timeout_s)
        event.listen(engine, "do_connect", lambda _dialect, _record, given, named: connect(*given, **named))
        return engine
    raise ArgumentError(url)


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own advice: begin by hand, or Python's driver begins too late
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    # At once for writing: two that read first and then write would refuse one another.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
