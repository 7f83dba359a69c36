"""The patients' keys of the box that keeps a database."""

from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.storage.database import Database
from appliance.storage.identity_vault import IdentityVault, is_under_box_key
from appliance.storage.patient_keys import PatientKeys

_FIRST_SEALED = "SELECT patient_id, sealed_identity FROM patients WHERE sealed_identity IS NOT NULL LIMIT 1"


def open_keys(database: Database, box_key: Path, folder: Path | None = None, *, makes_key: bool = True) -> PatientKeys:
    """Of the patients in that database. A box's key that does not belong to them is refused, as `problem` then says.

    Args:
        box_key: made when nothing was sealed yet.
        folder: of the patients' keys; None: beside the box's.
        makes_key: False leaves that to the station.
    """
    sealed = database.rows("look for identities", _FIRST_SEALED)
    keys = PatientKeys(box_key, folder, makes_key=makes_key, is_in_use=bool(sealed))
    if keys.problem or not sealed or not is_under_box_key(sealed[0]["sealed_identity"]):
        return keys
    if IdentityVault(keys).open(sealed[0]["patient_id"], sealed[0]["sealed_identity"]) is None:
        said = f"the key {box_key} is not the one that the identities were sealed with"
        keys.refuse(StoreError(said, "Put the right file back from its backup, then restart."))
    return keys
