"""What every export is made from: one reviewed exam, its figures, and a way to its pictures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.exam import Exam, ImageKind
from appliance.domain.exam_figures import ExamFigures
from appliance.domain.figure_definition import FigureDefinition
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.patient import PatientIdentity
from appliance.domain.review import ReviewedExam, ReviewedImage
from appliance.domain.still import StillMetadata


@dataclass(frozen=True)
class KeptStill:
    """A decoded still: pixels (uint8, height x width x 3, RGB) and what its file says about itself."""

    image_rgb: NDArray[np.uint8]
    metadata: StillMetadata


@dataclass(frozen=True)
class ExamToExport:
    """One exam as it leaves the box.

    Attributes:
        reviewed: the exam with the physician's edits beside the machine's first answers.
        figures: computed from exactly this `reviewed`.
        read_file: the kept file of an image by image id; StoreError where its digest does not match.
        unreadable: images whose file is missing or damaged, with the reason; all that is known of them still leaves.
        decode: a still's file as pixels and metadata.
        full_name: of an account by its login.
        definitions: unit, decimals and source of each figure by its key.
        calibrations: the calibrations known to the box by id.
        journal: what was done with this exam, oldest first, in JSON types.
        identity: None (the pseudonym alone leaves the box) unless somebody asked for it.
    """

    reviewed: ReviewedExam
    figures: ExamFigures
    read_file: Callable[[str], bytes]
    decode: Callable[[bytes], KeptStill]
    software_version: str
    full_name: Callable[[str], str]
    definitions: Mapping[str, FigureDefinition] = field(default_factory=lambda: DEFINITIONS)
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    journal: Sequence[Mapping[str, Any]] = ()
    identity: PatientIdentity | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)
    _metadata: dict[str, StillMetadata] = field(default_factory=dict, repr=False, compare=False)

    @property
    def exam(self) -> Exam:
        return self.reviewed.exam

    @property
    def operator_name(self) -> str:
        """Of who started the exam; empty where nobody was noted."""
        return self.full_name(self.exam.operator) if self.exam.operator else ""

    @property
    def validator_name(self) -> str | None:
        """Of the physician who validated it; None while nobody has."""
        return None if self.reviewed.validated_by is None else self.full_name(self.reviewed.validated_by)

    def still(self, image_id: str) -> KeptStill:
        """One still's pixels and metadata. Raises StoreError where the file is not the one that was kept."""
        still = self.decode(self.read_file(image_id))
        self._metadata[image_id] = still.metadata
        return still

    def metadata(self, image_id: str) -> StillMetadata:
        """What a still's file says about itself; read once."""
        return self._metadata[image_id] if image_id in self._metadata else self.still(image_id).metadata

    def stills_and_panoramas(self) -> Iterator[ReviewedImage]:
        """All that were kept, whether their files can be read or not; clips hold no picture of their own."""
        return (image for image in self.reviewed.images if image.image.kind is not ImageKind.CLIP)

    def pictures(self) -> Iterator[ReviewedImage]:
        """Those of them whose files can be read."""
        return (image for image in self.stills_and_panoramas() if image.image.image_id not in self.unreadable)

    def scale_origin(self, image: ReviewedImage) -> ScaleOrigin | None:
        """How the scale of an image became known; None without a scale or where nothing tells."""
        calibration_id = image.analysis.calibration_id
        if calibration_id is None:
            return None
        if calibration_id in self.calibrations:
            return self.calibrations[calibration_id].origin
        if image.image.image_id in self.unreadable:
            return None
        metadata = self.metadata(image.image.image_id)
        return metadata.scale_origin if metadata.calibration_id == calibration_id else None
