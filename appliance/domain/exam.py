"""An exam: who (by pseudonym), which finger and sector, which images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_type_hints

from appliance.domain.analysis_result import ImageAnalysis, RecordedAnalysis
from appliance.domain.instant import Precision, from_rfc3339, to_rfc3339


class Hand(Enum):
    LEFT = "left"
    RIGHT = "right"


class Finger(Enum):
    """Thumbs are outside the standard but offered (doi 10.1016/j.autrev.2020.102458)."""

    THUMB = "thumb"
    INDEX = "index"
    MIDDLE = "middle"
    RING = "ring"
    LITTLE = "little"


class Sector(Enum):
    """Capillary.io's four sectors of a nailfold, plus unknown and panoramic (kept, never in metrics)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    UNKNOWN = "unknown"
    PANORAMIC = "panoramic"


class ImageKind(Enum):
    """What was kept. Only stills and panoramas are analysed; a panorama is counted but never enters the scores."""

    STILL = "still"
    PANORAMA = "panorama"
    CLIP = "clip"


class ExamState(Enum):
    OPEN = "open"
    FINISHED = "finished"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class Placement:
    """Where on the patient a picture is taken."""

    hand: Hand
    finger: Finger
    sector: Sector


@dataclass(frozen=True)
class CapturedImage:
    """A still kept with an exam.

    Attributes:
        image_id: UUID text.
        hand, finger, sector: where on the patient.
        captured_at_utc: when the frame was taken.
        file_name: name of the lossless image (of a clip: its video) below the exam's folder.
        sha256: hex digest of that file.
        recorded: the machine's result for this image alone; of a clip that of its best frame.
        kind: still, panorama or clip.
    """

    image_id: str
    hand: Hand
    finger: Finger
    sector: Sector
    captured_at_utc: datetime
    file_name: str
    sha256: str
    recorded: RecordedAnalysis
    kind: ImageKind = ImageKind.STILL

    @property
    def placement(self) -> Placement:
        return Placement(self.hand, self.finger, self.sector)

    @property
    def is_single(self) -> bool:
        """Whether it is one image of the exam wherever images are counted: a still of one sector, known or not.

        Clips and panoramas are kept, shown and, panoramas, measured on their own; they are never counted as images and
        never enter figures of a finger or an exam.
        """
        return self.kind is ImageKind.STILL and self.sector is not Sector.PANORAMIC

    @property
    def analysis(self) -> ImageAnalysis:
        """The machine's result, to the digits that were recorded."""
        return self.recorded.analysis


@dataclass(frozen=True)
class SkippedPlacement:
    """A placement that the operator declared not evaluable instead of taking a picture.

    Attributes:
        reason: in the operator's words: "bandage", "injured finger", "too cold".
    """

    placement: Placement
    reason: str


@dataclass(frozen=True)
class Exam:
    """An exam with its images, oldest first.

    Attributes:
        exam_id: UUIDv7 text.
        patient_pseudonym: the clinic's own pseudonym; never a name. Never in a topic, client id or log.
        protocol: name of the ExamProtocol: "free", "16" or "32".
        operator: the account that started the exam; empty where accounts did not exist yet.
        folder_id: where the clinic filed it; None outside every project.
        is_archived: out of the everyday lists; nothing is deleted.
        skipped: placements declared not evaluable without a picture.
        counts_ramified_giants: whether a ramified loop above 50 um counts as a giant: the site's rule at the start.
    """

    exam_id: str
    patient_pseudonym: str
    state: ExamState
    started_at_utc: datetime
    finished_at_utc: datetime | None = None
    images: tuple[CapturedImage, ...] = ()
    protocol: str = "free"
    operator: str = ""
    folder_id: str | None = None
    is_archived: bool = False
    skipped: tuple[SkippedPlacement, ...] = ()
    counts_ramified_giants: bool = True

    @property
    def single_images(self) -> tuple[CapturedImage, ...]:
        """The images that are counted as such; clips and panoramas aside."""
        return tuple(image for image in self.images if image.is_single)


@dataclass(frozen=True)
class ExamStart:
    """What is decided when an exam begins: the fields of Exam of the same names."""

    operator: str
    protocol: str = "free"
    counts_ramified_giants: bool = True


NOBODY = ExamStart("")
"""An exam from before there were accounts."""


@dataclass(frozen=True)
class ExamField:
    """A plain field of Exam, as database, archive and tables keep it; what it may hold is what Exam's attribute may.

    Attributes:
        name: of the attribute.
        is_local: where this clinic filed it; an archive for another box leaves it out.
        longest: characters that are taken over from an archive.
    """

    name: str
    is_local: bool = False
    longest: int = 64

    @property
    def key(self) -> str:
        """Its column, and its member in JSON."""
        return self.name.removesuffix("_utc")

    def plain(self, exam: Exam, precision: Precision = "milliseconds") -> str | int | None:
        """Its value in JSON types; times have so many digits."""
        value = getattr(exam, self.name)
        if isinstance(value, datetime):
            return to_rfc3339(value, precision)
        plain: str | int | None = value.value if isinstance(value, Enum) else value
        return plain

    def read(self, plain: object) -> Any:
        """The attribute's value from what `plain` gave; 0 and 1 are no and yes, as a database has them.

        Raises:
            ValueError: it is no value of this field.
        """
        kinds = _KINDS[self.name]
        if plain is None and NoneType in kinds:
            return None
        try:
            return _READERS[kinds[0]](plain)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.key} is {str(plain)[:40]!r}") from error


EXAM_FIELDS = (
    ExamField("exam_id"),
    ExamField("patient_pseudonym"),
    ExamField("state"),
    ExamField("protocol"),
    ExamField("operator"),
    ExamField("started_at_utc"),
    ExamField("finished_at_utc"),
    ExamField("folder_id", is_local=True),
    ExamField("is_archived", is_local=True),
    ExamField("counts_ramified_giants"),
)
"""Everything of an exam but its images and what was skipped, which are tables of their own; in the order of the CSV.

A new field is the attribute of Exam, its line here and a migration: database, archive and CSV read this table. What is
said at the start is an attribute of ExamStart too, a member of StartExamBody (`webui/api/open_exam.py`) and an input of
that name in `webui/templates/live.html`. The API shows it as a member of ExamEntryDocument
(`webui/documents/organisation.py`), the exam's page in `webui/templates/exam.html`; then `make openapi`.

What is asked for the report alone is no field but an entry of its form (`exports/report/standard/form.toml`).
"""


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(plain: object) -> object:
        if type(plain) is not kind:
            raise TypeError(kind.__name__)
        return plain

    return read


_READERS: Mapping[type, Callable[[Any], Any]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: {0: False, 1: True}.__getitem__,
    datetime: from_rfc3339,
    ExamState: ExamState,
}
_HINTS = get_type_hints(Exam)
_KINDS: Mapping[str, tuple[type, ...]] = {
    one.name: get_args(_HINTS[one.name]) or (_HINTS[one.name],) for one in EXAM_FIELDS
}
"""The types that each may have; the first is its own, the second NoneType where it may be missing."""
