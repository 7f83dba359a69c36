"""What the answers about the live station hold, for the API's description."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.domain.calibration import ScaleOrigin
from appliance.domain.camera_state import CameraPhase
from appliance.domain.exam import Finger, Hand, ImageKind, Sector
from appliance.ports import BrokerStatus, OutboxStatus
from webui.documents.board import ButtonsDocument
from webui.documents.guided import GuidedDocument
from webui.documents.hand_map import HandMapDocument
from webui.documents.instant import Instant


class _Whole(BaseModel):
    """Nothing beside what is named."""

    model_config = ConfigDict(extra="forbid")


class LivePlace(_Whole):
    """Where on the patient."""

    hand: Hand
    finger: Finger
    sector: Sector


class LiveSkipped(LivePlace):
    """A placement that was declared not evaluable."""

    reason: str


class LiveImage(LivePlace):
    """A capture of the exam under way."""

    image_id: str
    kind: ImageKind
    captured_at_utc: Instant
    density_per_mm: float | None
    density_ci95_per_mm: float | None
    is_evaluable: bool


class LiveExam(_Whole):
    """The exam under way; `exam_id` is null between exams.

    Of one `boot_id`, the answer with the higher `revision` is the newer.
    """

    boot_id: str
    revision: int
    exam_id: str | None
    patient_pseudonym: str | None
    selected: LivePlace = Field(description="Where the next capture goes")
    protocol: Literal["free", "16", "32"]
    placements: list[LivePlace] = Field(description="What the protocol proposes, in its order")
    skipped: list[LiveSkipped]
    hand_map: HandMapDocument | None
    images: list[LiveImage] = Field(description="Oldest first")
    can_undo: bool
    can_redo: bool
    can_finish: bool


class LiveExamAnswer(_Whole):
    """The exam as it now is."""

    exam: LiveExam


class CapturedAnswer(LiveExamAnswer):
    """The exam, and what was kept."""

    captured: LiveImage


class FinishedAnswer(LiveExamAnswer):
    """No exam is under way any more."""

    finished_exam_id: str


class DiscardedAnswer(LiveExamAnswer):
    """No exam is under way any more."""

    discarded_exam_id: str


class CameraDocument(_Whole):
    """The capillaroscope."""

    phase: CameraPhase
    reason: str = Field(description="Why there is no picture; empty while there is one")
    name: str | None
    capture_fps: float
    frames_captured: int
    frames_dropped: int


class EngineDocument(_Whole):
    """What looks at every picture."""

    fps: float
    runtime: str
    software_version: str
    engines: dict[str, str] = Field(description="Fingerprint of each network")
    problem: str


class ScaleDocument(_Whole):
    """The calibration in force."""

    calibration_id: str
    um_per_px: float
    uncertainty_um_per_px: float | None
    origin: ScaleOrigin
    magnification: str | None
    is_due: bool = Field(description="Old enough to be checked")


class ListenersDocument(_Whole):
    """Who looks on."""

    listeners: int
    frames_encoded: int


class StateOfStation(_Whole):
    """Everything that the status bar shows."""

    camera: CameraDocument
    engine: EngineDocument
    calibration: ScaleDocument | None = Field(description="null: nothing can be given in micrometres")
    calibration_problem: str
    outbox: OutboxStatus
    broker: BrokerStatus
    live: ListenersDocument
    guided: GuidedDocument
    exam: LiveExam
    buttons: ButtonsDocument
