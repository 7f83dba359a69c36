"""A reviewed exam with pictures of known pixels, as every export takes it."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.recorded_analysis import record_analysis, revise
from appliance.domain.calibration import ScaleOrigin
from appliance.domain.detection import Morphology
from appliance.domain.exam import CapturedImage, Exam, ExamState, Finger, Hand, Placement, Sector
from appliance.domain.exam_figures import ExamFigures, Figure
from appliance.domain.review import ReviewedExam, ReviewedImage
from appliance.domain.still import StillMetadata
from appliance.exports.source import ExamToExport, KeptStill
from appliance.storage.still_encoder import decode_still, encode_still
from tests.support.exam_parts import IDENTITY, NOON, shown_frame

EXAM_ID = "019ab000-0000-7000-8000-000000000001"
PSEUDONYM = "NC-0042"
HEIGHT, WIDTH = 48, 64
PLACES = (
    (Hand.LEFT, Finger.INDEX, Sector.A),
    (Hand.LEFT, Finger.INDEX, Sector.B),
    (Hand.RIGHT, Finger.RING, Sector.C),
)


def image_id(at: int) -> str:
    return f"019ab000-0000-7000-8000-0000000001{at:02d}"


def pixels(at: int) -> NDArray[np.uint8]:
    """Other for every picture; no two neighbours alike, so that a swapped axis or channel is seen."""
    return np.random.default_rng(at).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def captured(at: int, exam_id: str = EXAM_ID, um_per_px: float | None = 1.41) -> tuple[CapturedImage, bytes]:
    """Image number `at` of the exam with its PNG file."""
    hand, finger, sector = PLACES[at % len(PLACES)]
    analysis = shown_frame(at, 100.0).analysis
    if um_per_px is None:
        analysis = replace(analysis, um_per_px=None, calibration_id=None)
    one_id = image_id(at) if exam_id == EXAM_ID else str(uuid.uuid5(uuid.UUID(exam_id), str(at)))
    metadata = StillMetadata(
        image_id=one_id,
        exam_id=exam_id,
        placement=Placement(hand, finger, sector),
        captured_at_utc=NOON + timedelta(seconds=at),
        um_per_px=um_per_px,
        calibration_id=analysis.calibration_id,
        scale_origin=None if um_per_px is None else ScaleOrigin.DEVICE_PROFILE,
        magnification="220x",
        camera_name="Dino-Lite",
        camera_id="a168:0990:X1",
        pixel_format="rgb8",
        software_version="0.1.0",
        runtime="onnxruntime-cpu",
        engines=IDENTITY.engines,
    )
    png = encode_still(pixels(at), metadata)
    name = f"{one_id}.png"
    result = record_analysis(analysis, name)
    taken = metadata.captured_at_utc
    return CapturedImage(one_id, hand, finger, sector, taken, name, hashlib.sha256(png).hexdigest(), result), png


def kept_still(png: bytes) -> KeptStill:
    return KeptStill(*decode_still(png))


def finished_exam(
    count: int = 3, exam_id: str = EXAM_ID, pseudonym: str = PSEUDONYM, um_per_px: float | None = 1.41
) -> tuple[Exam, dict[str, bytes]]:
    """An exam with that many images, and its files by image id."""
    kept = [captured(at, exam_id, um_per_px) for at in range(count)]
    exam = Exam(
        exam_id,
        pseudonym,
        ExamState.FINISHED,
        NOON,
        NOON + timedelta(minutes=4),
        tuple(image for image, _ in kept),
        operator="nurse",
    )
    return exam, {image.image_id: png for image, png in kept}


def figures(of: Exam) -> ExamFigures:
    """One of each kind: measured with and without an interval, a category, and what could not be told."""
    finger = {
        "density_per_mm": Figure(7.04, 0.9),
        "density_band": Figure("normal"),
        "capillaries_total": Figure(2),
        "mean_apical_um": Figure(None, because="no_calibration"),
    }
    fingers = {(image.hand, image.finger): finger for image in of.images}
    exam = {"density_per_mm": Figure(6.95, 0.52), "csuri": Figure(None, because="no_giants"), "giants": Figure(0)}
    return ExamFigures(exam, fingers, {}, {image.image_id: finger for image in of.images})


FULL_NAMES = {"dr.ruiz": "Dr. Elena Ruiz", "nurse": "Jo Field"}


def exam_to_export(
    exam: Exam, files: Mapping[str, bytes], *, validated_by: str | None = "dr.ruiz", **more: Any
) -> ExamToExport:
    """The exam as reviewed: its second image commented on and edited, the third not evaluable."""
    return ExamToExport(
        reviewed=reviewed_exam(exam, validated_by),
        figures=figures(exam),
        read_file=files.__getitem__,
        decode=kept_still,
        software_version="0.1.0",
        full_name=lambda login: FULL_NAMES.get(login, login),
        **more,
    )


def reviewed_exam(exam: Exam, validated_by: str | None = "dr.ruiz") -> ReviewedExam:
    images = [ReviewedImage(image, image.recorded) for image in exam.images]
    if len(images) > 1:
        machine = images[1].recorded
        loop = replace(machine.analysis.capillaries[0], morphology=Morphology.TORTUOUS)
        edited = revise(machine, replace(machine.analysis, capillaries=(loop,)))
        images[1] = replace(images[1], recorded=edited, is_edited=True, comment='Oil drop, "left" edge; retaken')
    if len(images) > 2:
        images[2] = replace(images[2], not_evaluable_because="bandage")
    at = None if validated_by is None else NOON + timedelta(hours=1)
    words = "No scleroderma pattern."
    return ReviewedExam(exam, tuple(images), words, validated_by=validated_by, validated_at_utc=at)
