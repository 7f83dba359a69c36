"""Pictures measured by the device's own pipeline and kept as one finished exam."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import uuid_utils
from numpy.typing import NDArray

from appliance.analysis import uncertainty
from appliance.analysis.recorded_analysis import record_analysis
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.bands import DENSITY
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.errors import ApplianceError, CaptureError, ExportError
from appliance.domain.exam import CapturedImage, Exam, ExamState, ImageKind, Placement, Sector
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.journal import JournalNote
from appliance.domain.look_alike import require_no_look_alike
from appliance.domain.pseudonym import require_pseudonym
from appliance.domain.still import StillMetadata
from appliance.exports.imports.picture import ForeignPicture, ReadStill, ScaleSource
from appliance.ports import ExamImport, ExamStore, Journal, PatientStore

ORIGIN = "pictures"
IMPORTED = "exam.imported"
_OTHER_SOFTWARE = "imported picture"
_SAME_DAY = timedelta(days=1)
_SAME_SCALE = 0.01


@dataclass(frozen=True)
class ImportTools:
    """What an import needs of the station.

    Attributes:
        analyse: a still by the device's own pipeline, with a scale or without.
        encode: the PNG that the box keeps.
        journal: takes the entry of the import.
        counts_ramified_giants: the site's rule for exams that begin now.
    """

    read_still: ReadStill
    analyse: Callable[[Frame, Calibration | None], FrameAnalysis]
    encode: Callable[[NDArray[np.uint8], StillMetadata], bytes]
    store: ExamStore
    patients: PatientStore
    now_utc: Callable[[], datetime]
    journal: Journal
    counts_ramified_giants: bool = True


@dataclass(frozen=True)
class PlacedPicture:
    """A file and where on the patient its picture was taken; `note` says what contradicts that."""

    path: Path
    name: str
    placement: Placement
    note: str = ""


@dataclass(frozen=True)
class ImportOptions:
    """How the pictures are taken in.

    Attributes:
        um_per_px: scale of every picture, vouched for by the person who imports; None takes what each file says.
        um_per_px_of: the same for pictures of one width and height; goes before `um_per_px`.
        taken_at_utc: of all pictures, vouched for by the person who imports; None takes what each file says. Where that
            is nothing the time is unknown: the import's stands in for it, and the result and the journal say so.
        operator: who imports.
        is_another: the patient is another than those whose pseudonym looks like this one.
    """

    pseudonym: str
    um_per_px: float | None = None
    taken_at_utc: datetime | None = None
    operator: str = ""
    um_per_px_of: Mapping[tuple[int, int], float] = field(default_factory=dict)
    is_another: bool = False

    def require_patient(self, patients: PatientStore) -> str:
        """The pseudonym as it is kept.

        Raises:
            ExamError: it cannot be used.
            LookAlikeError: it looks like a patient's, and nobody said that this is another one.
        """
        pseudonym = require_pseudonym(self.pseudonym)
        require_no_look_alike(patients.looking_like(pseudonym), self.is_another)
        return pseudonym

    def require_past(self, now_utc: datetime) -> None:
        """Raises ExportError where the pictures would have been taken in the future; clocks may differ by a day."""
        if self.taken_at_utc is not None and self.taken_at_utc > now_utc + _SAME_DAY:
            said = f"{self.taken_at_utc:%Y-%m-%d} is in the future"
            raise ExportError(f"the pictures cannot have been taken then: {said}", "Correct the date, or this clock.")

    def scale_of(self, image_rgb: NDArray[np.uint8]) -> float | None:
        """What the person said of a picture of this size, uint8 (height, width, 3)."""
        height, width = image_rgb.shape[:2]
        return self.um_per_px_of.get((width, height), self.um_per_px)


@dataclass(frozen=True)
class PictureResult:
    """What became of one file: `problem` is empty where it is part of the exam.

    Attributes:
        um_per_px: that it was measured with; None without a scale.
        scale_source: what of the file states it; None where the person who imports did.
        is_time_unknown: neither the file nor the person says when it was taken.
    """

    name: str
    problem: str = ""
    note: str = ""
    is_evaluable: bool = False
    capillaries: int = 0
    density_per_mm: float | None = None
    density_ci95_per_mm: float | None = None
    um_per_px: float | None = None
    scale_source: ScaleSource | None = None
    is_time_unknown: bool = False


def import_pictures(
    pictures: Sequence[PlacedPicture],
    options: ImportOptions,
    tools: ImportTools,
    workspace: Path,
    on_result: Callable[[int, PictureResult], None],
) -> Exam:
    """The exam that was kept, of every picture that could be read.

    Args:
        workspace: an empty folder for the box's own files until the exam is kept.
        on_result: called with the index and the result of every file.

    Raises:
        ExamError: the pseudonym cannot be used.
        LookAlikeError: it looks like a patient's, and nobody said that this is another one.
        ExportError: none of the files could be read, or they would be from the future; nothing is kept.
        StoreError: the disk is full; nothing is kept.
    """
    pseudonym = options.require_patient(tools.patients)
    options.require_past(tools.now_utc())
    exam_id = str(uuid_utils.uuid7())
    images: list[CapturedImage] = []
    undated: list[str] = []
    seen: dict[bytes, str] = {}
    for at, picture in enumerate(pictures):
        try:
            image, result = _take(picture, exam_id, at, options, tools, workspace, seen)
        except ApplianceError as error:
            on_result(at, PictureResult(picture.name, str(error).replace(str(picture.path), picture.name)))
            continue
        except OSError as error:
            on_result(at, PictureResult(picture.name, f"cannot read {picture.name}: {error.strerror}"))
            continue
        if result.is_time_unknown:
            undated.append(image.image_id)
        images.append(image)
        on_result(at, result)
    if not images:
        raise ExportError("none of the files could be read", "Nothing was imported; each file says why.")
    exam = replace(
        _exam(exam_id, pseudonym, images, options.operator), counts_ramified_giants=tools.counts_ramified_giants
    )
    detail: dict[str, Any] = {"origin": ORIGIN, "images": len(images), "um_per_px": options.um_per_px}
    if options.um_per_px_of:
        detail["um_per_px_of"] = {f"{w}x{h}": scale for (w, h), scale in sorted(options.um_per_px_of.items())}
    if undated:
        detail["time_unknown"] = undated
    note = JournalNote(options.operator or "station", f"exam:{exam_id}", IMPORTED, detail)
    one = ExamImport(exam, _StillsInFolder(workspace, exam), ORIGIN, notes=(note,))
    tools.store.import_exams([one], tools.now_utc(), tools.journal)
    return tools.store.exam(exam_id)


class _StillsInFolder(Mapping[str, bytes]):
    def __init__(self, folder: Path, exam: Exam) -> None:
        self._paths = {image.image_id: folder / image.file_name for image in exam.images}

    def __getitem__(self, image_id: str) -> bytes:
        return self._paths[image_id].read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _take(
    picture: PlacedPicture,
    exam_id: str,
    seq: int,
    options: ImportOptions,
    tools: ImportTools,
    workspace: Path,
    seen: dict[bytes, str],
) -> tuple[CapturedImage, PictureResult]:
    read = tools.read_still(picture.path)
    first = seen.setdefault(hashlib.sha256(read.image_rgb.tobytes()).digest(), picture.name)
    if first != picture.name:
        said = f"the very same picture as {first}: whatever it shows is counted twice unless one of them is left out"
        picture = replace(picture, note="; ".join(filter(None, (picture.note, said))))
    taken_at_utc = options.taken_at_utc or read.taken_at_utc or tools.now_utc()
    frame = _frame(read, picture, seq, taken_at_utc)
    scale = _scale(read, options)
    analysis = tools.analyse(frame, scale)
    image_id = str(uuid_utils.uuid7())
    png = tools.encode(read.image_rgb, _metadata(image_id, exam_id, picture.placement, frame, scale, analysis))
    file_name = f"{image_id}.png"
    _write(workspace / file_name, png)
    place = picture.placement
    image = CapturedImage(
        image_id=image_id,
        hand=place.hand,
        finger=place.finger,
        sector=place.sector,
        captured_at_utc=taken_at_utc,
        file_name=file_name,
        sha256=hashlib.sha256(png).hexdigest(),
        recorded=record_analysis(analysis, file_name),
        kind=ImageKind.PANORAMA if place.sector is Sector.PANORAMIC else ImageKind.STILL,
    )
    return image, _result(picture, read, analysis, scale, options)


def _result(
    picture: PlacedPicture,
    read: ForeignPicture,
    analysis: FrameAnalysis,
    scale: Calibration | None,
    options: ImportOptions,
) -> PictureResult:
    density = analysis.metrics.density_per_mm
    is_of_file = scale is not None and scale.origin is ScaleOrigin.DEVICE_METADATA
    return PictureResult(
        name=picture.name,
        note="; ".join(filter(None, (read.note, picture.note, *_contradictions(read, options)))),
        is_time_unknown=options.taken_at_utc is None and read.taken_at_utc is None,
        is_evaluable=analysis.quality.is_evaluable,
        capillaries=analysis.metrics.capillaries_total,
        density_per_mm=None if density is None else DENSITY.written(density),
        density_ci95_per_mm=uncertainty.of_density_in(analysis.metrics),
        um_per_px=None if scale is None else scale.um_per_px,
        scale_source=read.scale_source if is_of_file else None,
    )


def _contradictions(read: ForeignPicture, options: ImportOptions) -> Iterator[str]:
    """Where the file says something else than the person; the person's word was taken."""
    stated, own = options.taken_at_utc, read.taken_at_utc
    if stated is not None and own is not None and abs(stated - own) > _SAME_DAY:
        yield f"its file says that it was taken on {own:%Y-%m-%d}, you said {stated:%Y-%m-%d}: yours was taken"
    if stated is None and own is None:
        yield "its file does not say when it was taken: the time is unknown, the import's stands in for it"
    scale = options.scale_of(read.image_rgb)
    if scale is not None and read.um_per_px is not None and abs(read.um_per_px / scale - 1) > _SAME_SCALE:
        yield f"its file says {read.um_per_px:.4g} um per pixel, you said {scale:.4g}: yours was taken"


def _frame(read: ForeignPicture, picture: PlacedPicture, seq: int, taken_at_utc: datetime) -> Frame:
    height, width = read.image_rgb.shape[:2]
    form = picture.path.suffix.lstrip(".").lower() or "dicom"
    camera = CameraDescription(read.camera_name or _OTHER_SOFTWARE, "", form[:4], width, height)
    return Frame(seq, np.ascontiguousarray(read.image_rgb), 0.0, taken_at_utc, camera)


def _scale(read: ForeignPicture, options: ImportOptions) -> Calibration | None:
    """Who imports stands above the file.

    Raises:
        CalibrationError: a scale that no capillaroscope has.
        CaptureError: the file states one that is not understood, and nobody another.
    """
    height, width = read.image_rgb.shape[:2]
    stated = options.scale_of(read.image_rgb)
    if stated is not None:
        name = f"operator-{stated:g}"
        return Calibration(name, stated, width, height, ScaleOrigin.OPERATOR)
    if read.scale_problem:
        raise CaptureError(f"cannot be measured: {read.scale_problem}", "Give the scale in micrometres per pixel.")
    if read.um_per_px is None:
        return None
    name = f"embedded-{read.um_per_px:.6g}"
    return Calibration(name, read.um_per_px, width, height, ScaleOrigin.DEVICE_METADATA)


def _metadata(
    image_id: str, exam_id: str, placement: Placement, frame: Frame, scale: Calibration | None, found: FrameAnalysis
) -> StillMetadata:
    return StillMetadata(
        image_id=image_id,
        exam_id=exam_id,
        placement=placement,
        captured_at_utc=frame.captured_at_utc,
        um_per_px=None if scale is None else scale.um_per_px,
        calibration_id=None if scale is None else scale.calibration_id,
        scale_origin=None if scale is None else scale.origin,
        magnification=None,
        camera_name=frame.camera.name,
        camera_id=frame.camera.camera_id,
        pixel_format=frame.camera.pixel_format,
        software_version=found.identity.software_version,
        runtime=found.identity.runtime,
        engines=found.identity.engines,
    )


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ExportError(f"a picture could not be kept: {error.strerror}", "Free some space and try again.") from error


def _exam(exam_id: str, pseudonym: str, images: Sequence[CapturedImage], operator: str) -> Exam:
    times = [image.captured_at_utc for image in images]
    return Exam(
        exam_id=exam_id,
        patient_pseudonym=pseudonym,
        state=ExamState.FINISHED,
        started_at_utc=min(times),
        finished_at_utc=max(times),
        images=tuple(images),
        operator=operator,
    )
