"""Patients' identities sealed under each patient's own key."""

import json
from datetime import date

from appliance.domain.errors import StoreError
from appliance.domain.patient import PatientIdentity, Sex
from appliance.storage.patient_keys import PatientKeys

_UNDER_BOX_KEY = b"\x01"  # until 2026-11-30
_FORMAT = b"\x02"
_CONTEXT = b"nailfold.identity/1:"


class IdentityVault:
    """Seals and opens identities. One that was moved to another patient's row does not open."""

    def __init__(self, keys: PatientKeys) -> None:
        self._keys = keys

    def seal(self, patient_id: str, identity: PatientIdentity) -> bytes:
        """The identity as it is kept: format, then as PatientKeys seals. Raises as that does."""
        return _FORMAT + self._keys.seal(patient_id, _CONTEXT, _to_json(identity))

    def open(self, patient_id: str, sealed: bytes) -> PatientIdentity | None:
        """What was sealed for this patient; None if it was erased, sealed with another key, for another, or changed."""
        text = sealed[1:]
        try:
            if is_under_box_key(sealed):
                return _from_json(self._keys.open_by_box(_CONTEXT + patient_id.encode(), text))
            return _from_json(self._keys.open(patient_id, _CONTEXT, text)) if sealed[:1] == _FORMAT else None
        except (StoreError, ValueError):
            return None


def is_under_box_key(sealed: bytes) -> bool:
    """Whether an identity was sealed before patients had keys of their own: erasing the key does not erase it."""
    return sealed[:1] == _UNDER_BOX_KEY


def _to_json(identity: PatientIdentity) -> bytes:
    fields = {
        "name": identity.name,
        "birth_date": None if identity.birth_date is None else identity.birth_date.isoformat(),
        "sex": None if identity.sex is None else identity.sex.value,
        "clinic_number": identity.clinic_number,
        "note": identity.note,
    }
    return json.dumps(fields, ensure_ascii=False).encode()


def _from_json(text: bytes) -> PatientIdentity:
    fields = json.loads(text)
    born, sex = fields["birth_date"], fields["sex"]
    return PatientIdentity(
        name=fields["name"],
        birth_date=None if born is None else date.fromisoformat(born),
        sex=None if sex is None else Sex(sex),
        clinic_number=fields["clinic_number"],
        note=fields["note"],
    )
