"""Identities at rest."""

import stat
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.domain.patient import PatientIdentity, Sex
from appliance.storage.box_key import KEY_BYTES, load_key, make_key
from appliance.storage.box_keys import open_keys
from appliance.storage.database import Database
from appliance.storage.identity_vault import IdentityVault
from appliance.storage.patient_keys import PatientKeys
from appliance.storage.patient_store import SqlitePatientStore

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
ANA = PatientIdentity("Ana Pérez", date(1970, 1, 2), Sex.FEMALE, "H-1", "left-handed")


def patients_of(database: Database, box_key: Path) -> SqlitePatientStore:
    return SqlitePatientStore(database, open_keys(database, box_key))


def test_identity_opens_for_its_own_patient_and_key_alone(tmp_path: Path) -> None:
    vault = IdentityVault(PatientKeys(tmp_path / "identity.key"))
    sealed = vault.seal("a", ANA)
    vault.seal("b", ANA)
    assert vault.open("a", sealed) == ANA
    assert vault.open("b", sealed) is None
    assert vault.open("a", sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert vault.open("a", b"") is None
    elsewhere = IdentityVault(PatientKeys(tmp_path / "other.key", tmp_path / "other"))
    elsewhere.seal("a", ANA)
    assert elsewhere.open("a", sealed) is None


def test_same_identity_never_looks_the_same(tmp_path: Path) -> None:
    vault = IdentityVault(PatientKeys(tmp_path / "identity.key"))
    assert len({vault.seal("a", ANA) for _ in range(50)}) == 50


def test_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    key = make_key(path)
    assert (len(key), load_key(path)) == (KEY_BYTES, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(StoreError, match="could not make"):
        make_key(path)
    assert load_key(path) == key


def test_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "identity.key"
    make_key(path)
    path.chmod(0o640)
    with pytest.raises(StoreError, match="chmod 600"):
        load_key(path)


@pytest.mark.parametrize("content", ["", "zz", "00" * 16])
def test_key_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "identity.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(StoreError, match="Put the file back"):
        load_key(path)


def test_nothing_of_an_identity_is_readable_on_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "exams.sqlite3")
    patients = patients_of(database, tmp_path / "identity.key")
    patients.add_patient("NC-1", NOON, ANA)
    assert patients.patients("perez").total == 1
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("exams.sqlite3*"))
    assert b"NC-1" in stored
    for secret in ("Ana", "Pérez", "perez", "1970-01-02", "H-1", "left-handed", "female"):
        assert secret.encode() not in stored
    database.close()


def test_key_of_another_box_closes_identities_instead_of_mixing_keys(tmp_path: Path) -> None:
    database = Database(tmp_path / "exams.sqlite3")
    patient_id = patients_of(database, tmp_path / "identity.key").add_patient("NC-1", NOON, ANA).patient_id
    make_key(tmp_path / "other.key")
    patients = patients_of(database, tmp_path / "other.key")
    assert "not the one" in patients.problem
    assert patients.patient(patient_id).is_sealed
    with pytest.raises(StoreError, match="not the one"):
        patients.set_identity(patient_id, ANA)
    assert patients_of(database, tmp_path / "identity.key").patient(patient_id).identity == ANA
    database.close()


def test_missing_key_is_never_replaced_while_identities_are_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "exams.sqlite3")
    key = tmp_path / "identity.key"
    patients_of(database, key).add_patient("NC-1", NOON, ANA)
    key.unlink()
    assert patients_of(database, key).problem
    assert not key.exists()
    database.close()
