"""The database and the index of patients, used by several threads at once."""

import itertools
import shutil
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.domain.patient import PatientIdentity
from appliance.storage import database, patient_store
from appliance.storage.box_keys import open_keys
from appliance.storage.database import Database
from appliance.storage.patient_store import SqlitePatientStore
from tests.support.interleaving import Race, in_every_order, refused_with

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)


@pytest.fixture
def new_database(tmp_path: Path) -> Callable[[], Database]:
    """Opens a fresh one each time; the layout is made once."""
    first = tmp_path / "first.sqlite3"
    Database(first).close()
    numbers = itertools.count()
    return lambda: Database(Path(shutil.copy(first, tmp_path / f"{next(numbers)}.sqlite3")))


def test_search_finds_a_patient_by_the_name_that_was_kept_last(
    tmp_path: Path, new_database: Callable[[], Database]
) -> None:
    def race() -> Race:
        kept = new_database()
        store = SqlitePatientStore(kept, open_keys(kept, kept.path.with_suffix(".key"), kept.path.with_suffix(".keys")))
        patient_id = store.add_patient("NC-1", NOW).patient_id
        store.warm_up()

        def name(given: str) -> None:
            store.set_identity(patient_id, PatientIdentity(name=given))

        def check() -> None:
            identity = store.patient(patient_id).identity
            assert identity is not None
            assert store.matching(identity.name) == ["NC-1"], "the search knows an older name"
            kept.close()

        return Race([lambda: name("Rossi"), lambda: name("Bianchi")], check)

    assert in_every_order(race, patient_store, most_runs=40) > 20


def test_transactions_are_read_whole_or_not_at_all(new_database: Callable[[], Database]) -> None:
    def race() -> Race:
        kept = new_database()
        with kept.transaction("prepare") as connection:
            connection.execute("CREATE TABLE pairs (n INTEGER)")

        def insert() -> None:
            with kept.transaction("insert a pair") as connection:
                for n in (1, 2):
                    connection.execute("INSERT INTO pairs VALUES (?)", (n,))

        def read() -> int:
            found = kept.rows("count", "SELECT count(*) AS n FROM pairs")[0]["n"]
            assert found % 2 == 0, "half a transaction was read"
            return int(found)

        def check() -> None:
            assert read() == 4
            kept.close()

        return Race([insert, insert, read], check)

    assert in_every_order(race, database, most_runs=40) > 20


def test_database_that_is_closed_in_between_refuses_in_words(new_database: Callable[[], Database]) -> None:
    def race() -> Race:
        kept = new_database()
        read = refused_with(StoreError, lambda: kept.rows("list the exams", "SELECT * FROM exams"))
        return Race([read, kept.close])

    assert in_every_order(race, database, most_runs=20) > 5
