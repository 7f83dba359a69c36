"""What was kept before patients had keys of their own, sealed under them beside the station's work."""

import logging
import threading
from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.storage.database import Database
from appliance.storage.identity_vault import IdentityVault, is_under_box_key
from appliance.storage.image_files import ImageFiles
from appliance.storage.patient_keys import PatientKeys

NOTE_NAME = "pictures.sealed"
_log = logging.getLogger(__name__)
_IDENTITIES = "SELECT patient_id, sealed_identity FROM patients WHERE sealed_identity IS NOT NULL"
_PICTURES = """SELECT exam_id, file_name, sha256, patient_id FROM images
    JOIN exams USING (exam_id) JOIN patients ON pseudonym = patient_pseudonym
    WHERE is_removed = 0 AND erased_at IS NULL ORDER BY images.number"""


class OlderSeals:
    """Runs once after a start, in a thread of its own; once every file is sealed it notes so and looks at none again.

    A file that cannot be sealed is logged and tried again at the next start; reading it works either way.

    Args:
        note: the file that says that every picture is sealed; a restore removes it.
    """

    def __init__(self, database: Database, keys: PatientKeys, images: ImageFiles, note: Path) -> None:
        self._database, self._keys, self._images, self._note = database, keys, images, note
        self._has_failed = False
        self._vault = IdentityVault(keys)
        self._is_stopping = threading.Event()

    def stop(self) -> None:
        """Leave the rest for the next start."""
        self._is_stopping.set()

    def run(self) -> tuple[int, int]:
        """How many identities and files were sealed."""
        if self._keys.problem:
            return 0, 0
        try:
            identities = self._identities()
            pictures = 0 if self._note.exists() else self._pictures()
            if not self._is_stopping.is_set() and not self._has_failed:
                self._note.touch(0o600)
        except (OSError, StoreError) as error:
            _log.warning("older exams are sealed at the next start: %s", error)
            return 0, 0
        if identities or pictures:
            _log.info("sealed %d identities and %d files under their patients' keys", identities, pictures)
        return identities, pictures

    def _identities(self) -> int:
        sealed = 0
        rows = self._database.rows("look for older identities", _IDENTITIES)
        for row in rows:
            if not self._is_stopping.is_set() and is_under_box_key(row["sealed_identity"]):
                sealed += self._identity(row["patient_id"])
        return sealed

    def _identity(self, patient_id: str) -> int:
        with self._database.transaction("seal an identity") as connection:
            sql = "SELECT sealed_identity FROM patients WHERE patient_id = ?"
            kept = connection.execute(sql, (patient_id,)).fetchone()["sealed_identity"]
            identity = None if kept is None else self._vault.open(patient_id, kept)
            if identity is None or not is_under_box_key(kept):
                return 0
            values = (self._vault.seal(patient_id, identity), patient_id)
            return connection.execute("UPDATE patients SET sealed_identity = ? WHERE patient_id = ?", values).rowcount

    def _pictures(self) -> int:
        sealed = 0
        for row in self._database.rows("look for older pictures", _PICTURES):
            if self._is_stopping.is_set():
                break
            for name in self._images.unsealed(row["exam_id"], [row["file_name"]]):
                sealed += self._picture(row["exam_id"], name, row["sha256"], row["patient_id"])
        return sealed

    def _picture(self, exam_id: str, name: str, sha256: str, patient_id: str) -> int:
        try:
            self._images.write(exam_id, name, self._images.read(exam_id, name, sha256), patient_id)
        except StoreError as error:
            _log.warning("%s of exam %s stays unsealed until the next start: %s", name, exam_id, error)
            self._has_failed = True
            return 0
        return 1
