"""A finished exam to review: seven loops in a row, measured by the device's own pipeline."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import uuid_utils
from numpy.typing import NDArray

from appliance.analysis.pipeline import Pipeline
from appliance.analysis.recorded_analysis import record_analysis
from appliance.analysis.settings import AnalysisSettings
from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import (
    BoundingBox,
    CapillaryDetection,
    Detections,
    HaemorrhageDetection,
    Morphology,
    SizeClass,
)
from appliance.domain.exam import NOBODY, CapturedImage, Exam, ExamStart, Finger, Hand, Placement, Sector
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from appliance.exam.message import BoxAddress, build_exam_message
from appliance.exam.still import describe_still
from appliance.ports import EngineSet, ExamStore
from appliance.storage.still_encoder import encode_still
from tests.support.exam_parts import IDENTITY, NOON

WIDTH, HEIGHT = 640, 480
UM_PER_PX = 1.5
LOOPS = 7
SCALE = Calibration("test-1.5", UM_PER_PX, WIDTH, HEIGHT, ScaleOrigin.STAGE_MICROMETER, "200x")
# Nothing that a drawn test picture lacks may make it not evaluable.
LENIENT = AnalysisSettings(focus_min=0.0, glare_max=1.0, exposure_min=0.0, exposure_max=1.0)


def box_of(number: int) -> BoundingBox:
    """Of the loop with that number, 0 at the left."""
    return BoundingBox(40.0 + 80 * number, 200.0, 40.0, 120.0)


class SevenLoops:
    """Detector and key points of a picture whose loops are known: apical widths of 12 px, limbs of 10 and 11."""

    def __init__(self, loops: int = LOOPS) -> None:
        self._loops = loops

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        found = tuple(
            CapillaryDetection(box_of(at), 0.95 - at / 100, Morphology.NORMAL, SizeClass.NORMAL)
            for at in range(self._loops)
        )
        return Detections(found, (HaemorrhageDetection(BoundingBox(300, 100, 30, 20), 0.7),) if found else ())

    def estimate(self, image_rgb: NDArray[np.uint8], boxes: Sequence[BoundingBox]) -> tuple[LoopKeypoints, ...]:
        return tuple(_keypoints(box) for box in boxes)


class UnsureGiant(SevenLoops):
    """The same; the seventh loop is 40 px wide at its apex, and the detector is not sure of it."""

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        found = super().detect(image_rgb)
        return replace(found, capillaries=(*found.capillaries[:-1], replace(found.capillaries[-1], score=0.7)))

    def estimate(self, image_rgb: NDArray[np.uint8], boxes: Sequence[BoundingBox]) -> tuple[LoopKeypoints, ...]:
        return tuple(_keypoints(box, apical_px=40 if box == box_of(LOOPS - 1) else 12) for box in boxes)


def _keypoints(box: BoundingBox, apical_px: float = 12) -> LoopKeypoints:
    x, y = box.x + box.w / 2, box.y
    return LoopKeypoints(
        apical=WidthSegment((x, y), (x, y + apical_px)),
        arterial=WidthSegment((box.x + 2, y + 50), (box.x + 12, y + 50)),
        venous=WidthSegment((box.x + 27, y + 50), (box.x + 38, y + 50)),
    )


def picture() -> NDArray[np.uint8]:
    """The loops drawn dark on skin, so that a person sees them."""
    image = np.full((HEIGHT, WIDTH, 3), (212, 160, 138), np.uint8)
    for at in range(LOOPS):
        box = box_of(at)
        x, y = int(box.x), int(box.y)
        image[y + 12 : y + 120, x + 2 : x + 12] = (140, 50, 50)
        image[y + 12 : y + 120, x + 27 : x + 38] = (140, 50, 50)
        image[y : y + 12, x + 2 : x + 38] = (140, 50, 50)
    return image


def captured(
    exam_id: str, finger: Finger = Finger.RING, loops: int = LOOPS, scale: Calibration | None = SCALE
) -> tuple[CapturedImage, bytes]:
    """The seven loops as a capture keeps them, and the file."""
    engines = SevenLoops(loops)
    return captured_by(EngineSet(engines, engines, IDENTITY), picture(), scale, exam_id, finger)


def captured_by(
    engines: EngineSet, image_rgb: NDArray[np.uint8], scale: Calibration | None, exam_id: str, finger: Finger
) -> tuple[CapturedImage, bytes]:
    """Any picture, analysed by those engines, as a capture keeps it, and its file."""
    pipeline = Pipeline(engines, scale, LENIENT)
    height, width = image_rgb.shape[:2]
    camera = CameraDescription("Dino-Lite", "a168:0990:X1", "MJPG", width, height, 30.0)
    frame = Frame(1, image_rgb, 1.0, NOON, camera)
    analysis = pipeline.analyse(frame, track=False)
    placement, image_id = Placement(Hand.LEFT, finger, Sector.B), str(uuid_utils.uuid7())
    name = f"{image_id}.png"
    png = encode_still(image_rgb, describe_still(AnalysedFrame(frame, analysis, scale), image_id, exam_id, placement))
    digest, recorded = hashlib.sha256(png).hexdigest(), record_analysis(analysis, name)
    return CapturedImage(image_id, Hand.LEFT, finger, Sector.B, NOON, name, digest, recorded), png


FINGERS = (Finger.RING, Finger.MIDDLE, Finger.INDEX, Finger.LITTLE)


def finished_exam(
    store: ExamStore,
    images: int = 2,
    loops: int = LOOPS,
    scale: Calibration | None = SCALE,
    fingers: Sequence[Finger] = FINGERS,
    start: ExamStart = NOBODY,
) -> Exam:
    """An exam of that many images, each of another finger, closed and queued."""
    exam = store.start_exam("NC-0042", NOON, start)
    for finger in fingers[:images]:
        image, png = captured(exam.exam_id, finger, loops, scale)
        store.add_image(exam.exam_id, image, png)
    message = build_exam_message(store.exam(exam.exam_id), BoxAddress("clinic", "box1"), NOON)
    return store.finish_exam(exam.exam_id, NOON, message)


def exam_with_unsure_giant(store: ExamStore) -> Exam:
    """A finished exam of one picture with one giant that waits for a person."""
    engines = UnsureGiant()
    exam = store.start_exam("NC-0042", NOON)
    image, png = captured_by(EngineSet(engines, engines, IDENTITY), picture(), SCALE, exam.exam_id, Finger.RING)
    store.add_image(exam.exam_id, image, png)
    message = build_exam_message(store.exam(exam.exam_id), BoxAddress("clinic", "box1"), NOON)
    return store.finish_exam(exam.exam_id, NOON, message)
