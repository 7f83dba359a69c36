"""Connections to PostgreSQL that wait for an answer, but not for ever."""

import time
from collections.abc import Callable
from typing import Any

import psycopg

# A server whose computer is gone, or behind a network that drops what it gets (PostgreSQL: Client Connection Control;
# milliseconds in the last).
_NETWORK: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_LONGEST_CONNECT_S = 10
_SERVER_FIRST_S = 2.0
_LIMITS = """SELECT set_config('statement_timeout', %(ms)s, false),
                    set_config('idle_in_transaction_session_timeout', %(ms)s, false)"""


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is given up when a statement has no answer in time.

    A server that is stopped, or whose disk hangs, keeps its connections alive: its computer answers for it, and no
    time-out of the network or of the server itself ends the wait.
    """

    answer_timeout_s: float

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Raises OperationalError after `answer_timeout_s`; the connection is closed then, its transaction undone."""
        limit_s = self.answer_timeout_s + _SERVER_FIRST_S if timeout is None else timeout
        until_s = time.monotonic() + limit_s
        try:
            return super().wait(gen, interval, limit_s)
        except psycopg.OperationalError as error:
            if time.monotonic() < until_s:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {limit_s:.0f} s") from error


def connector(answer_timeout_s: float) -> Callable[..., PatientConnection]:
    """What makes connections, with the parameters of `psycopg.connect`.

    The server itself ends a statement after the same time, and a transaction whose worker says nothing any more: it
    would keep its rows from all others.
    """

    class Connection(PatientConnection):
        pass

    Connection.answer_timeout_s = answer_timeout_s

    longest_s = min(_LONGEST_CONNECT_S, round(answer_timeout_s))

    def connect(*arguments: Any, **named: Any) -> PatientConnection:
        made = Connection.connect(*arguments, **{**_NETWORK, "connect_timeout": longest_s, **named})
        made.execute(_LIMITS, {"ms": str(round(1000 * answer_timeout_s))})
        made.commit()
        return made

    return connect
