"""What people typed about a patient, sealed under the patient's key."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.domain.errors import ErasedError, StoreError
from appliance.domain.free_text import FREE_TEXT, exam_of, with_free_text
from appliance.domain.journal import JournalEntry
from appliance.storage.database import Database
from appliance.storage.patient_keys import PatientKeys
from appliance.storage.patient_rows import owner_of

ERASED_TEXT = "[erased]"
LOCKED_TEXT = "[locked]"
_PREFIX = "sealed/1:"
_CONTEXT = b"nailfold.text/1:"


class SealedTexts:
    """Texts as database and journal keep them. Each says whose key opens it."""

    def __init__(self, database: Database, keys: PatientKeys) -> None:
        self._database, self._keys = database, keys

    def seal(self, exam_id: str, text: str) -> str:
        """A text about an exam. Raises StoreError where there is no such exam or no key."""
        patient_id = owner_of(self._database, exam_id)
        if patient_id is None:
            raise StoreError(f"could not keep a text: there is no exam {exam_id}", "Choose one from the list.")
        sealed = self._keys.seal(patient_id, _CONTEXT, text.encode())
        return f"{_PREFIX}{patient_id}:{base64.b64encode(sealed).decode()}"

    def open(self, kept: str) -> str:
        """The text, also one that was never sealed. Of an erased patient, or without the key, a mark in its place."""
        if not kept.startswith(_PREFIX):
            return kept
        patient_id, _, sealed = kept.removeprefix(_PREFIX).partition(":")
        try:
            return self._keys.open(patient_id, _CONTEXT, base64.b64decode(sealed)).decode()
        except ErasedError:
            return ERASED_TEXT
        except (StoreError, ValueError):
            return LOCKED_TEXT

    def sealed_detail(self, subject: str, action: str, detail: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an entry of the journal keeps: every text that a person typed is sealed."""
        exam_id = exam_of(subject)
        if exam_id is None or action not in FREE_TEXT:
            return detail
        return with_free_text(action, detail, lambda text: self.seal(exam_id, text))

    def opened(self, entry: JournalEntry) -> JournalEntry:
        """The entry as people read it; its hash is that of the sealed one."""
        if entry.action not in FREE_TEXT:
            return entry
        return replace(entry, detail=dict(with_free_text(entry.action, entry.detail, self.open)))
