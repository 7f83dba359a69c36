"""Patients, folders, collections and the filing of exams: every change together with its entry in the journal."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.domain.collection import ImageCollection
from appliance.domain.errors import ExamError
from appliance.domain.folder import Folder
from appliance.domain.look_alike import require_no_look_alike
from appliance.domain.patient import Patient, PatientIdentity
from appliance.domain.pseudonym import require_pseudonym
from appliance.ports import CollectionStore, ExamStore, FolderStore, Journal, PatientStore


@dataclass(frozen=True)
class OrganisationService:
    """Actions on folders and projects; each names the account that acts. Raises as the stores do."""

    exams: ExamStore
    patients: PatientStore
    folders: FolderStore
    collections: CollectionStore
    journal: Journal
    now_utc: Callable[[], datetime]

    def add_patient(
        self, actor: str, pseudonym: str, identity: PatientIdentity | None = None, is_another: bool = False
    ) -> Patient:
        """A new patient.

        Args:
            is_another: than those whose pseudonym looks like this one.

        Raises:
            ExamError: the pseudonym cannot be used, or is taken.
            LookAlikeError: it looks like a patient's, and nobody said that this is another one.
        """
        name = require_pseudonym(pseudonym)
        require_no_look_alike(self.patients.looking_like(name), is_another)
        with self.journal.transaction("add the patient"):
            patient = self.patients.add_patient(name, self.now_utc(), identity)
            self.journal.append(actor, f"patient:{patient.patient_id}", "patient.added", {})
        return patient

    def set_identity(self, actor: str, patient_id: str, identity: PatientIdentity) -> Patient:
        """Replace who the patient is; an empty identity deletes it."""
        before = self.patients.patient(patient_id).identity or PatientIdentity()
        # Which fields, never what is in them: the journal leaves the box with exports and backups.
        changed = [name for name, value in vars(identity).items() if value != vars(before)[name]]
        with self.journal.transaction("keep the identity"):
            patient = self.patients.set_identity(patient_id, identity)
            detail = {"fields": ", ".join(changed)}
            self.journal.append(actor, f"patient:{patient_id}", "patient.identity_changed", detail)
        return patient

    def erase_patient(self, actor: str, patient_id: str, confirmation: str) -> int:
        """Erase name, pictures and texts for good, in older backups too; how many exams were the patient's.

        Figures, results that were sent, and the journal's entries stay, under a pseudonym that tells nothing.

        Args:
            confirmation: the patient's pseudonym, typed.

        Raises:
            ExamError: it is another pseudonym, or an exam of the patient is open.
            ErasedError: the patient was erased already.
            StoreError: as the stores say; after the entry was written the next start finishes the erasure.
        """
        patient = self.patients.patient(patient_id)
        if confirmation.strip() != patient.pseudonym:
            raise ExamError("the pseudonym typed is not the patient's", "Type it exactly as it is shown.")
        with self.journal.transaction("erase the patient"):
            exam_ids = self.exams.erase_exams_of(patient.pseudonym)
            self.patients.erase(patient_id, self.now_utc())
            self.journal.append(actor, f"patient:{patient_id}", "patient.erased", {"exams": len(exam_ids)})
        if removed := self.patients.shred(patient_id):
            self.journal.append(actor, "storage", "storage.copies_removed", {"copies": list(removed)})
        return len(exam_ids)

    def add_folder(self, actor: str, name: str, parent_id: str | None = None, note: str = "") -> Folder:
        """A new project or folder."""
        with self.journal.transaction("make the folder"):
            folder = self.folders.add_folder(name, parent_id, note)
            self.journal.append(actor, f"folder:{folder.folder_id}", "folder.added", {})
        return folder

    def change_folder(self, actor: str, folder: Folder) -> Folder:
        """Rename, move, archive or take back: the folder as it was before."""
        with self.journal.transaction("change the folder"):
            before = self.folders.change_folder(folder)
            action = "folder.changed" if before.parent_id == folder.parent_id else "folder.moved"
            self.journal.append(actor, f"folder:{folder.folder_id}", action, {})
        return before

    def file_exams(self, actor: str, folder_ids: Mapping[str, str | None]) -> Mapping[str, str | None]:
        """Put each exam (key) into a folder, or out of every one (None): where each was before."""
        with self.journal.transaction("file the exams"):
            before = {exam_id: self.exams.exam(exam_id).folder_id for exam_id in folder_ids}
            self.exams.file_exams(folder_ids)
            for exam_id in folder_ids:
                self.journal.append(actor, f"exam:{exam_id}", "exam.filed", {})
        return before

    def archive_exams(self, actor: str, exam_ids: Collection[str], is_archived: bool) -> tuple[str, ...]:
        """Take exams out of the everyday lists or back: those that were not as asked for."""
        action = "exam.archived" if is_archived else "exam.unarchived"
        with self.journal.transaction("archive the exams"):
            for exam_id in () if is_archived else exam_ids:
                self.exams.require_pictures(exam_id)
            changed = tuple(one for one in exam_ids if self.exams.exam(one).is_archived != is_archived)
            self.exams.archive_exams(exam_ids, is_archived)
            for exam_id in changed:
                self.journal.append(actor, f"exam:{exam_id}", action, {})
        return changed

    def add_collection(self, actor: str, name: str, note: str = "") -> ImageCollection:
        """A new, empty collection."""
        with self.journal.transaction("make the collection"):
            made = self.collections.add_collection(name, self.now_utc(), note)
            self._note_collection(actor, made.collection_id, "added")
        return made

    def change_collection(self, actor: str, collection: ImageCollection) -> ImageCollection:
        """Rename, describe, archive or take back: the collection as it was before."""
        with self.journal.transaction("change the collection"):
            before = self.collections.change_collection(collection)
            self._note_collection(actor, collection.collection_id, "changed")
        return before

    def add_images(self, actor: str, collection_id: str, image_ids: Sequence[str]) -> tuple[str, ...]:
        """The ids that were not in the collection before."""
        with self.journal.transaction("add to the collection"):
            added = self.collections.add_images(collection_id, image_ids)
            self._note_collection(actor, collection_id, "filled", len(added))
        return added

    def remove_images(self, actor: str, collection_id: str, image_ids: Sequence[str]) -> tuple[str, ...]:
        """The ids that were in the collection and no longer are."""
        with self.journal.transaction("take out of the collection"):
            removed = self.collections.remove_images(collection_id, image_ids)
            self._note_collection(actor, collection_id, "emptied", len(removed))
        return removed

    def _note_collection(self, actor: str, collection_id: str, action: str, images: int = 0) -> None:
        self.journal.append(actor, f"collection:{collection_id}", f"collection.{action}", {"images": images})
