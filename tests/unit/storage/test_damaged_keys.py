"""One damaged file among the patients' keys."""

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.domain.errors import ErasedError, StoreError
from appliance.storage.patient_keys import PatientKeys

PATIENTS = tuple(f"{number:08x}-0000-7000-8000-000000000000" for number in range(4))
CONTEXT = b"nailfold.test/1:"


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10])


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_a_link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


EVERY_DAMAGE = [empty, flip_a_bit, cut_off, make_a_folder, make_a_link_to_nothing]


@pytest.mark.parametrize("damage", EVERY_DAMAGE)
@pytest.mark.parametrize("whose", [0, 3])
def test_a_damaged_key_costs_its_own_patient_alone(tmp_path: Path, damage: Callable[[Path], None], whose: int) -> None:
    box_key = tmp_path / "identity.key"
    keys = PatientKeys(box_key)
    sealed = {patient: keys.seal(patient, CONTEXT, patient.encode()) for patient in PATIENTS}
    damage(keys.folder / PATIENTS[whose])

    again = PatientKeys(box_key)

    assert again.problem == ""
    for patient in set(PATIENTS) - {PATIENTS[whose]}:
        assert again.open(patient, CONTEXT, sealed[patient]) == patient.encode()
    with pytest.raises(StoreError):
        again.open(PATIENTS[whose], CONTEXT, sealed[PATIENTS[whose]])
    assert again.erased() == {}


def test_another_boxes_key_is_still_told_from_damage(tmp_path: Path) -> None:
    keys = PatientKeys(tmp_path / "identity.key")
    for patient in PATIENTS:
        keys.seal(patient, CONTEXT, b"x")
    (tmp_path / "other").mkdir()
    PatientKeys(tmp_path / "other" / "identity.key")
    (tmp_path / "other" / "identity.key").replace(tmp_path / "identity.key")

    assert "opens none of the 4 patients' keys" in PatientKeys(tmp_path / "identity.key").problem


def test_a_damaged_note_of_an_erasure_brings_nobody_back(tmp_path: Path) -> None:
    keys = PatientKeys(tmp_path / "identity.key")
    sealed = keys.seal(PATIENTS[0], CONTEXT, b"x")
    (keys.folder / PATIENTS[0]).write_bytes(b"erased \xff\xfe")

    again = PatientKeys(tmp_path / "identity.key")

    assert list(again.erased()) == [PATIENTS[0]]
    with pytest.raises(ErasedError):
        again.open(PATIENTS[0], CONTEXT, sealed)
