"""A picture on its way into an exam: its file, its digest and what is known of it."""

import hashlib
from dataclasses import dataclass

import uuid_utils

from appliance.analysis.recorded_analysis import record_analysis
from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.exam import CapturedImage, ImageKind, Placement
from appliance.exam.session_state import SessionTools
from appliance.exam.still import describe_still


@dataclass(frozen=True)
class NewImage:
    """What goes into the store: the record and the bytes of its file."""

    image: CapturedImage
    content: bytes


def new_still(
    shown: AnalysedFrame, exam_id: str, placement: Placement, tools: SessionTools, kind: ImageKind = ImageKind.STILL
) -> NewImage:
    """A picture with its result, analysed as a still, as a lossless file. Raises InferenceError."""
    shown = shown.as_still()
    image_id = str(uuid_utils.uuid7())
    png = tools.encode(shown.frame.image_rgb, describe_still(shown, image_id, exam_id, placement))
    return _new(image_id, f"{image_id}.png", png, shown, placement, kind)


def new_clip(video: bytes, best: AnalysedFrame, placement: Placement) -> NewImage:
    """A video with the result of its best picture, analysed as a still. Raises InferenceError."""
    best = best.as_still()
    image_id = str(uuid_utils.uuid7())
    return _new(image_id, f"{image_id}.avi", video, best, placement, ImageKind.CLIP)


def _new(
    image_id: str,
    file_name: str,
    content: bytes,
    shown: AnalysedFrame,
    placement: Placement,
    kind: ImageKind,
) -> NewImage:
    image = CapturedImage(
        image_id=image_id,
        hand=placement.hand,
        finger=placement.finger,
        sector=placement.sector,
        captured_at_utc=shown.frame.captured_at_utc,
        file_name=file_name,
        sha256=hashlib.sha256(content).hexdigest(),
        recorded=record_analysis(shown.analysis, file_name),
        kind=kind,
    )
    return NewImage(image, content)
