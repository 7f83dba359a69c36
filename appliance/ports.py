"""The seams of the device: every piece of hardware, file, broker or clock sits behind one of these.

Each port has a contract suite in tests/contract that its real and its fake adapters pass alike.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.domain.account import Account, KeptAccount
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.box_board import BoxBoard, ButtonOutcome
from appliance.domain.box_network import BoxNetwork
from appliance.domain.box_settings import (
    BackupRow,
    DataCheck,
    KeysTakenIn,
    RestorePlan,
    RestoreTrial,
    ScheduledCopies,
    SettingRow,
    StickState,
)
from appliance.domain.calibration import Axis
from appliance.domain.collection import CollectedImage, ImageCollection
from appliance.domain.detection import BoundingBox, Detections
from appliance.domain.exam import NOBODY, CapturedImage, Exam, ExamStart, Placement, SkippedPlacement
from appliance.domain.exam_search import ExamPage, ExamQuery
from appliance.domain.folder import Folder
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.journal import JournalCheck, JournalEntry, JournalNote
from appliance.domain.kept_calibration import CalibrationState, KeptCalibration, ScopeSetup
from appliance.domain.keypoints import LoopKeypoints
from appliance.domain.patient import Patient, PatientEntry, PatientIdentity, PatientPage

Tensor = NDArray[Any]


class VideoSource(Protocol):
    """A camera, file or simulation that delivers frames one after the other, from one thread."""

    def open(self) -> CameraDescription:
        """Start streaming. Raises CaptureError naming the device and the remedy."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; None if none came within `timeout_s`.

        Raises CaptureError when the device is gone, EndOfStream (a CaptureError) when a file has ended.
        """

    def close(self) -> None:
        """Stop streaming and free the device. Calling it twice, or before open, is harmless."""


class LoadedEngine(Protocol):
    """A network ready to run; not safe for concurrent calls."""

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run once, synchronously. Raises InferenceError on a wrong name, dtype or shape, naming both."""

    def close(self) -> None:
        """Free device memory. Calling it twice is harmless."""


class InferenceRuntime(Protocol):
    """Loads engines; chosen explicitly in the settings and never replaced silently."""

    @property
    def name(self) -> str:
        """As written into results: "onnxruntime-cpu", "tensorrt-10.3", ..."""

    def load(self, role: str) -> LoadedEngine:
        """The engine for "detector" or "keypoints". Raises InferenceError if the manifest does not vouch for it."""


class Detector(Protocol):
    """Finds capillaries and haemorrhages."""

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        """Boxes in pixels of `image_rgb`, whatever its size."""


class StillDetector(Protocol):
    """Finds them in a still, for which there is more time than for a live frame."""

    def detect(self, image_rgb: NDArray[np.uint8], um_per_px: float | None) -> Detections:
        """Boxes in pixels of `image_rgb`; `um_per_px` is its scale where that is known."""


class KeypointEstimator(Protocol):
    """Finds the end points of the widths."""

    def estimate(self, image_rgb: NDArray[np.uint8], boxes: Sequence[BoundingBox]) -> tuple[LoopKeypoints, ...]:
        """One entry a box, in the same order, in pixels of `image_rgb`."""


class FindVessels(Protocol):
    """Says where a still shows red cells, for the eye alone."""

    def __call__(
        self, image_rgb: NDArray[np.uint8], um_per_px: float | None, loop_widths_px: Sequence[float]
    ) -> NDArray[np.float32]:
        """The chance of each pixel, float32 [height, width]; scale or widths of the loops say how close to look."""


@dataclass(frozen=True)
class EngineSet:
    """The two engines of a pipeline and what they are; `stills` is None where stills are analysed as live frames."""

    detector: Detector
    keypoints: KeypointEstimator
    identity: EngineIdentity
    stills: StillDetector | None = None


class ExamStore(Protocol):
    """Keeps exams and their images. Every method raises StoreError with the remedy; none leaves half-written state."""

    def start_exam(self, patient_pseudonym: str, now_utc: datetime, start: ExamStart = NOBODY) -> Exam:
        """A new open exam. The patient is made when missing; of a known one the pseudonym is taken as it was kept."""

    def add_image(self, exam_id: str, image: CapturedImage, png: bytes) -> None:
        """Keep one still and its result; the file is on the disk before its row."""

    def remove_image(self, exam_id: str, image_id: str) -> None:
        """Undo a capture of an open exam; its file stays until the exam is closed, then it goes."""

    def restore_image(self, exam_id: str, image_id: str) -> None:
        """Undo the removal, as long as the exam is open."""

    def skip_placement(self, exam_id: str, skipped: SkippedPlacement) -> None:
        """Declare a placement of an open exam not evaluable; a second reason replaces the first."""

    def unskip_placement(self, exam_id: str, placement: Placement) -> None:
        """Undo that; raises NotKeptError where nothing was declared."""

    def finish_exam(self, exam_id: str, now_utc: datetime, message: "OutboxMessage") -> Exam:
        """Close the exam and queue its message in one transaction: both or neither."""

    def discard_exam(self, exam_id: str, now_utc: datetime) -> Exam:
        """Close it without a message; nothing is deleted."""

    def reopen_exam(self, exam_id: str) -> Exam:
        """A finished exam is open again; raises StoreError for one that is not finished, or while another is open."""

    def exam(self, exam_id: str) -> Exam:
        """One exam with its images; raises NotKeptError if there is no such exam."""

    def exams(self, limit: int = 100, offset: int = 0) -> tuple[Exam, ...]:
        """Newest first, without their images and what was skipped."""

    def file_exams(self, folder_ids: Mapping[str, str | None]) -> None:
        """Put each exam (key) into a folder, or out of every one (None): all or none.

        Raises NotKeptError for an exam or a folder that there is not.
        """

    def archive_exams(self, exam_ids: Collection[str], is_archived: bool) -> None:
        """Take exams out of the everyday lists or back: all or none; raises ExamError for one that is open."""

    def open_exam(self) -> Exam | None:
        """The exam that was open when the station stopped, to be resumed."""

    def read_png(self, exam_id: str, image_id: str) -> bytes:
        """The stored still; raises NotKeptError if there is none, StoreError if its digest no longer matches.

        Raises ErasedError if it went with its patient.
        """

    def require_pictures(self, exam_id: str) -> None:
        """Raise ErasedError where the exam's pictures went with its patient: for who keeps pictures in memory."""

    def erase_exams_of(self, patient_pseudonym: str) -> tuple[str, ...]:
        """The ids of the patient's exams, which lose pictures and texts, and are archived; their figures stay.

        Raises ExamError while one of them is open.
        """

    def import_exams(
        self, imports: "Sequence[ExamImport]", now_utc: datetime, journal: "Journal | None" = None
    ) -> None:
        """Keep exams that were captured elsewhere, and the notes of each in that journal: all or none.

        Raises StoreError for an exam or image that is kept already, and for files that are not those of the images.
        """

    def import_mark(self, exam_id: str) -> "ImportMark | None":
        """Where an exam was imported from; None for one that was captured here."""


@dataclass(frozen=True)
class ExamImport:
    """An exam that was captured elsewhere.

    Attributes:
        exam: closed, with its images; `folder_id` and `is_archived` are not taken over.
        files: image id to file; asked for one file at a time, so that it may read them from an archive.
        origin: where it came from: "archive" of another box, "pictures" of other software.
        message: to be published as if the exam had been finished here; None publishes nothing.
        notes: the entries of the import, and of the review that came along.
        missing: images whose files were missing or damaged where the exam comes from; they are kept without.
    """

    exam: Exam
    files: Mapping[str, bytes]
    origin: str
    message: "OutboxMessage | None" = None
    notes: tuple[JournalNote, ...] = ()
    missing: frozenset[str] = frozenset()

    @property
    def images_with_files(self) -> tuple[CapturedImage, ...]:
        return tuple(image for image in self.exam.images if image.image_id not in self.missing)


@dataclass(frozen=True)
class ImportMark:
    """Where an imported exam came from, and when it came."""

    origin: str
    imported_at_utc: datetime


@dataclass(frozen=True)
class OutboxMessage:
    """A result on its way to the broker.

    Attributes:
        msg_id: UUIDv7 text; the receiver's key against doubles.
        schema: "nailfold.exam/1".
        payload: UTF-8 JSON.
        sha256: hex digest of payload.
    """

    msg_id: str
    schema: str
    payload: bytes
    sha256: str


@dataclass(frozen=True)
class ExamMessage:
    """A message about a kept exam."""

    exam_id: str
    message: OutboxMessage


@dataclass(frozen=True)
class OutboxStatus:
    """What waits, for the status bar: rows per state and the last error in the operator's words.

    Attributes:
        expects_receipts: acknowledged messages still wait, for the receipt of the fleet.
    """

    pending: int
    sent: int
    acknowledged: int
    dead: int
    last_error: str = ""
    expects_receipts: bool = False


@dataclass(frozen=True)
class QueuedMessage:
    """An outbox row: the message, its per-box sequence number and how often it was tried."""

    seq: int
    message: OutboxMessage
    attempts: int


@dataclass(frozen=True)
class DeadLetter:
    """A message the broker refused for good, kept until somebody has removed the cause.

    Attributes:
        reason: the broker's answer in the operator's words.
    """

    seq: int
    msg_id: str
    exam_id: str
    reason: str


@dataclass(frozen=True)
class BrokerStatus:
    """The connection to the broker, for the status bar.

    Attributes:
        is_enabled: False when the site has chosen to publish nothing.
        is_connected: results can leave now.
        reason: why they cannot, or what the broker refused, in the operator's words; empty when all is well.
    """

    is_enabled: bool
    is_connected: bool
    reason: str = ""


class Outbox(Protocol):
    """The durable queue between finished exams and the broker. Rows are added by ExamStore.finish_exam, and by
    Journal.append for an exam that was validated anew.

    A message is pending, sent, acknowledged by the broker, receipted by the ingest, or dead. Where the site expects
    receipts, an acknowledged message is due again until its receipt comes; elsewhere never by itself. Every method
    raises StoreError; unknown ids are refused with it.
    """

    @property
    def receipt_timeout_s(self) -> float:
        """An acknowledged message without a receipt is due again after this; 0: no receipts are expected."""

    def transaction(self, attempt: str) -> AbstractContextManager[object]:
        """What is marked inside is kept in one commit, or not at all; `attempt` is for an error's text."""

    def due(self, now_utc: datetime, limit: int = 16) -> tuple[QueuedMessage, ...]:
        """Messages to publish now, lowest seq first."""

    def mark_sent(self, msg_id: str, now_utc: datetime) -> None:
        """Handed to the client; due again if no acknowledgement comes."""

    def mark_acknowledged(self, msg_id: str, now_utc: datetime) -> None:
        """The broker's PUBACK said success."""

    def mark_receipted(self, msg_id: str, now_utc: datetime) -> None:
        """The ingest confirmed its own commit; the row may be pruned."""

    def mark_failed(self, msg_id: str, now_utc: datetime, reason: str, is_final: bool) -> None:
        """Try again later with back-off, or move to the visible dead letters."""

    def mark_refused(self, msg_id: str, now_utc: datetime, reason: str) -> None:
        """The ingest will never take it in this form: a dead letter, also after the broker's acknowledgement."""

    def recall(self) -> int:
        """The broker has forgotten what it took: what waits for a receipt is due now; how many are."""

    def send_again(self, seqs: Collection[int]) -> int:
        """Make what the ingest lacks due again; how many are. Dead letters and dropped payloads stay as they are."""

    def status(self) -> OutboxStatus:
        """Counts by state."""

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """What was refused for good, lowest seq first."""

    def message_state(self, exam_id: str) -> str | None:
        """Of an exam's newest message: "pending", "sent", "acknowledged", "receipted" or "dead"; None without one."""

    def newest_message_id(self, exam_id: str) -> str | None:
        """msg_id of what was last queued about an exam, which a corrected message replaces; None without one."""

    def retry(self, msg_id: str) -> None:
        """Make a dead letter due again, under the same msg_id; the operator's verb once the cause is gone."""


class Board(Protocol):
    """The box's own buttons, lamp and light, whoever serves them. Safe for calls from any thread."""

    @property
    def state(self) -> BoxBoard:
        """As the firmware said last."""

    @property
    def outcome(self) -> ButtonOutcome:
        """What came of the buttons."""

    def set_light(self, level: float) -> None:
        """Brightness of the ring light, 0 to 1. Raises BoardError where there is no light or no firmware."""

    def press(self, button: str, is_pressed: bool) -> None:
        """Press or let go of a simulated board's button. Raises BoardError for a real board, or no firmware."""


class Network(Protocol):
    """The box's cable and Wi-Fi, whoever may change them.

    Who asks for a change stands in the journal. Every verb answers with how things stand now, or raises NetworkError.
    Its message is one word: "bad_name", "bad_length", "bad_letters", "not_supported", "not_understood", "no_answer".
    What comes of joining shows later, in `BoxNetwork.tried`.
    """

    @property
    def is_there(self) -> bool:
        """Whether this computer leaves its network to us."""

    def look(self) -> BoxNetwork:
        """As it stands."""

    def search(self) -> BoxNetwork:
        """Looks for Wi-Fi networks anew; they show some seconds later."""

    def join(self, ssid: str, security: str, password: str, actor: str, *, is_hidden: bool) -> BoxNetwork:
        """Tries a network; what the box was on before comes back where that fails. See WifiNetwork for the words."""

    def forget(self, identity: str, actor: str) -> BoxNetwork:
        """The password of a KnownNetwork; the box leaves that network. Nothing for one that is not known."""


@dataclass(frozen=True)
class Publication:
    """What a box tells the fleet beside its results.

    Attributes:
        topic: one of the box's own.
        expiry_s: the broker forgets it after this; None: never.
        shorter: told in its place where the broker takes no message of that size; None: then nothing is.
    """

    topic: str
    payload: bytes
    is_retained: bool = False
    expiry_s: int | None = None
    shorter: bytes | None = None


class FleetAgent(Protocol):
    """What speaks with the fleet over the connection that brings the results. Called from the publisher's thread alone.

    Nothing here may wait: the delivery of results waits with it.
    """

    @property
    def filters(self) -> Sequence[str]:
        """Topics to listen on."""

    def connected(self) -> None:
        """A new connection: what was on its way over the last one may be lost."""

    def due(self) -> Sequence[Publication]:
        """What is to be published now; the next call has what is new since."""

    def received(self, topic: str, payload: bytes) -> None:
        """A message on one of the filters. Raises ExportError for one that cannot be used."""


class RemoteSettings(Protocol):
    """The settings that the fleet may change; every method raises StoreError."""

    def keep(self, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Keep them ("table.key" to value) for the next start, in the place of the earlier ones.

        Those that cannot be used or may not be set from afar are left out: key to reason.
        """

    def in_force(self, keys: Collection[str]) -> Mapping[str, Any]:
        """Of these keys, those that the running station knows, with its values as JSON."""


class FleetNotes(Protocol):
    """What the box's agent must not forget: JSON documents by name. Every method raises StoreError."""

    def note(self, name: str) -> Any:
        """The document; None where there is none."""

    def notes(self, prefix: str) -> Mapping[str, Any]:
        """Every document whose name begins so, by name, in the order of their names."""

    def keep_note(self, name: str, document: Any) -> None:
        """Keep it in the place of the earlier one."""


class Clock(Protocol):
    """Time, so that tests can hold it."""

    def now_utc(self) -> datetime:
        """Timezone-aware UTC."""

    def monotonic_s(self) -> float:
        """Never goes back."""


class Journal(Protocol):
    """The append-only, hash-chained log of every noteworthy action. Every method raises StoreError.

    An action and its entry are one: who changes something in a store does so, and appends, inside `transaction`.
    """

    def transaction(self, attempt: str) -> AbstractContextManager[object]:
        """What is changed inside, in the stores of the same box, is kept together with the entries or not at all.

        Nothing slow belongs inside: meanwhile nobody else can write.

        Args:
            attempt: what is being done, for an error's text: "finish the exam".
        """

    def append(
        self,
        actor: str,
        subject: str,
        action: str,
        detail: Mapping[str, Any],
        *,
        follows: int | None = None,
        publishes: "ExamMessage | None" = None,
    ) -> JournalEntry:
        """The entry as it was written, sealed and durable; see JournalEntry for what the words mean.

        Args:
            detail: JSON types only; raises ValueError for anything else. Never a patient's identity.
            follows: seq of the newest entry of this subject that the caller knows, 0 for none; raises StaleError if
                another was written since. None writes in any case.
            publishes: a message that the action brings about, queued in the same transaction: both or neither.
        """

    def entries(
        self, subject: str | None = None, *, before_seq: int | None = None, limit: int | None = None
    ) -> tuple[JournalEntry, ...]:
        """Oldest first; of one subject or all; with `limit` the newest so many, before `before_seq` where given.

        What people typed about a patient is opened, so that the seal of such an entry is not that of its detail. Of an
        erased patient a mark stands in its place.
        """

    def sealed_entries(self, before_seq: int, limit: int) -> tuple[JournalEntry, ...]:
        """The newest so many before that one, oldest first, as they were written and their seals say: for others."""

    def verify(self) -> JournalCheck:
        """Whether every entry is as it was written and none is missing, as far as the journal itself can tell."""


class AccountStore(Protocol):
    """Keeps accounts and which sessions were ended. Every method raises StoreError; unknown ids raise NotKeptError."""

    def accounts(self) -> tuple[Account, ...]:
        """All, by name, the disabled ones too."""

    def by_name(self, name: str) -> KeptAccount | None:
        """The account of that login name."""

    def by_id(self, account_id: str) -> KeptAccount | None:
        """The account of that id."""

    def add(self, kept: KeptAccount, *, is_first: bool = False) -> None:
        """A new account. Raises AccountError if the name is taken, or if `is_first` and there is one already."""

    def change(self, account: Account) -> None:
        """New full name, role or is_disabled; a change of the last two ends the account's sessions.

        Raises AccountError, and changes nothing, if no administrator would be left.
        """

    def set_password(self, account_id: str, password_hash: str, code_expires_at_utc: datetime | None = None) -> None:
        """A new password, or a one-time code; ends the account's sessions."""

    def renew_hash(self, account_id: str, old_hash: str, new_hash: str) -> None:
        """The same password at another cost; nothing happens if the hash is no longer `old_hash`."""

    def end_sessions(self, account_id: str) -> None:
        """Every browser of that account has to log in again."""

    def end_session(self, session_id: str, now_utc: datetime, until_utc: datetime) -> None:
        """One browser has to log in again; not forgotten before `until_utc`, when it would have ended anyway."""

    def is_ended(self, session_id: str) -> bool:
        """Whether `end_session` was called for it."""


class PatientStore(Protocol):
    """Keeps patients, their identities sealed at rest. Every method raises StoreError, NotKeptError for unknown ids."""

    @property
    def problem(self) -> str:
        """Why identities can be neither read nor written, and the remedy; empty while all is well."""

    def add_patient(self, pseudonym: str, now_utc: datetime, identity: PatientIdentity | None = None) -> Patient:
        """A new patient. Raises ExamError where the pseudonym, whatever its case, is somebody's already."""

    def patient(self, patient_id: str) -> Patient:
        """One patient."""

    def patient_of(self, pseudonym: str) -> Patient | None:
        """The patient with that pseudonym, whatever its case."""

    def set_identity(self, patient_id: str, identity: PatientIdentity | None) -> Patient:
        """Replace the identity; None or an empty one deletes it. Raises StoreError while there is a `problem`.

        Raises ErasedError for a patient who was erased.
        """

    def erase(self, patient_id: str, now_utc: datetime) -> Patient:
        """Forget who it was: no identity, and a pseudonym that tells nothing, here and in every exam. `shred` follows.

        Raises ErasedError for one who was erased.
        """

    def shred(self, patient_id: str) -> tuple[str, ...]:
        """Delete the key of an erased patient, so that nothing opens in any copy; never inside a transaction.

        What a crash keeps from happening, the next start does. Answers with the names of older copies that held the
        patient without a key and were removed. Raises StoreError for one who was not erased, or a disk that refuses.
        """

    def patients(self, text: str = "", limit: int = 50, offset: int = 0) -> PatientPage:
        """Those in whose pseudonym and identity every word of `text` is found, erased ones aside; the newest first."""

    def looking_like(self, pseudonym: str) -> tuple[PatientEntry, ...]:
        """Those whose pseudonym would be taken for this one, as `looks_as` has it; none where somebody has this one."""


class FolderStore(Protocol):
    """Keeps projects and folders; none is ever deleted. Every method raises StoreError."""

    def folders(self) -> tuple[Folder, ...]:
        """All, archived ones too, oldest first."""

    def add_folder(self, name: str, parent_id: str | None = None, note: str = "") -> Folder:
        """A new one; raises ExamError as `FolderTree.require_place` says, NotKeptError for an unknown parent."""

    def change_folder(self, folder: Folder) -> Folder:
        """Rename, move, archive or take back: the folder as it was before. Raises as `add_folder`."""

    def exam_counts(self) -> Mapping[str | None, int]:
        """Exams directly in each folder, archived ones aside; under None those in no folder."""


class CollectionStore(Protocol):
    """Keeps image collections; none is ever deleted. Every method raises StoreError, NotKeptError for unknown ids."""

    def collections(self, is_archived: bool | None = False) -> tuple[ImageCollection, ...]:
        """Newest first; None: all."""

    def collection(self, collection_id: str) -> ImageCollection:
        """One collection."""

    def add_collection(self, name: str, now_utc: datetime, note: str = "") -> ImageCollection:
        """A new, empty one. Raises ExamError for a name that is empty, too long or taken."""

    def change_collection(self, collection: ImageCollection) -> ImageCollection:
        """Rename, describe, archive or take back: the collection as it was before. Raises as `add_collection`."""

    def images(self, collection_id: str, limit: int | None = None, offset: int = 0) -> tuple[CollectedImage, ...]:
        """Its pictures in the order in which they were added."""

    def add_images(self, collection_id: str, image_ids: Sequence[str]) -> tuple[str, ...]:
        """The ids that were not in it before: all are added or none."""

    def remove_images(self, collection_id: str, image_ids: Sequence[str]) -> tuple[str, ...]:
        """The ids that were in it and no longer are."""


class ExamFinder(Protocol):
    """Searches the exams."""

    def search(self, query: ExamQuery, limit: int = 50, offset: int = 0) -> ExamPage:
        """Those that meet every condition, newest first. Raises StoreError, NotKeptError for an unknown folder."""


class CalibrationStore(Protocol):
    """Keeps calibrations and their evidence; none is ever deleted. Every method raises StoreError with the remedy."""

    def keep(self, kept: KeptCalibration, pictures: Mapping[Axis, bytes]) -> KeptCalibration:
        """Add one, with the PNG of each axis of its evidence; an ACTIVE one replaces its setup's earlier one."""

    def calibration(self, calibration_id: str) -> KeptCalibration:
        """One; raises NotKeptError if there is none."""

    def calibrations(self, device_id: str | None = None) -> tuple[KeptCalibration, ...]:
        """Newest first; of one device, or of all."""

    def active(self, setup: ScopeSetup) -> KeptCalibration | None:
        """The one that applies to a setup."""

    def set_state(self, calibration_id: str, state: CalibrationState, now_utc: datetime, actor: str) -> KeptCalibration:
        """Retire one, put it back or make it the active one; answers with it as it was before."""

    def picture(self, calibration_id: str, axis: Axis) -> bytes:
        """The evidence's PNG; raises NotKeptError if there is none, StoreError if its digest no longer matches."""

    def stated_magnification(self, device_id: str) -> str | None:
        """What the operator last read off that device's ring or lens."""

    def state_magnification(self, device_id: str, magnification: str, now_utc: datetime, actor: str) -> None:
        """The ring now stands there."""


class TimeZone(Protocol):
    """In which time zone the box writes dates. Every method may be called from any thread."""

    @property
    def name(self) -> str:
        """The zone in force, as the IANA data base calls it, "Europe/Madrid"."""

    def names(self) -> tuple[str, ...]:
        """Those that can be chosen, sorted."""

    def choose(self, name: str, actor: str) -> None:
        """From now on, and named in the journal. Raises SettingsError for another name."""


class BoxAdministration(Protocol):
    """What administrators see and try of the box itself. Every method may be called from any thread."""

    def settings(self) -> tuple[SettingRow, ...]:
        """Every setting in force, in the order of its tables."""

    def backups(self) -> tuple[BackupRow, ...]:
        """The copies of the database on the box, newest first."""

    def scheduled_copies(self) -> ScheduledCopies | None:
        """Of the encrypted copies that go onto a stick by themselves; None where the settings ask for none."""

    def data_check(self) -> DataCheck | None:
        """Of the data partition, at this start; None on a computer without one of its own."""

    def back_up(self, actor: str) -> BackupRow:
        """A copy now, named in the journal. Raises StoreError: no room, or the database is damaged."""

    def try_restore(self, actor: str) -> RestoreTrial:
        """Open the newest copy as a restore would, and read all of it; nothing is put back.

        Raises:
            StoreError: there is none, or it cannot be restored.
        """

    def try_broker(self) -> None:
        """Return when the broker of the settings lets this box in. Raises ExportError saying what does not fit."""


class BoxCopies(Protocol):
    """Encrypted copies of the whole box, the file of its patients' keys, and restoring. All raises StoreError."""

    def write_copy(self, actor: str, file: BinaryIO, passphrase: str, progress: Callable[[int, int], object]) -> str:
        """The name for a file that now has everything but the patients' keys, named in the journal."""

    def write_keys(self, actor: str, file: BinaryIO, passphrase: str) -> str:
        """The name for a file that now has the patients' keys, named in the journal."""

    def stick(self) -> StickState | None:
        """The stick for copies that is plugged into the box; None where the box mounts none."""

    def put_on_stick(self, actor: str, name: str, file: BinaryIO) -> None:
        """A file that was written here, kept on the stick too, named in the journal."""

    def receive(self, stream: IO[bytes]) -> str:
        """The id of a file of either kind that was uploaded."""

    def receive_from_stick(self, name: str) -> str:
        """The id of one of the stick's files, now on the box."""

    def open(self, actor: str, upload_id: str, passphrase: str) -> RestorePlan | KeysTakenIn:
        """Look into a copy of the data; a file of keys is taken in at once."""

    def plan(self, backup: str) -> RestorePlan:
        """Look into a backup on the box."""

    def restore(self, actor: str, plan_id: str) -> None:
        """Restart into what a plan described: what is here is set aside. Raises ExamError while an exam is open."""
