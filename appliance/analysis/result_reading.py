"""Reading the `nailfold.analysis/1` document: the reverse of result_document.py, to the digits that were written.

Members that older software did not write read as what they meant then; members that this software does not know are
passed over here and stay in the text (RecordedAnalysis).
"""

from dataclasses import fields
from typing import Any

from appliance.domain.analysis_result import EngineIdentity, ImageAnalysis
from appliance.domain.detection import BoundingBox, HaemorrhageDetection, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.instant import from_rfc3339
from appliance.domain.keypoints import Point, WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import FrameQuality, QualityReason

Json = dict[str, Any]
_METRICS = tuple(field.name for field in fields(ImageMetrics))


def read_image(image: Json, identity: EngineIdentity) -> ImageAnalysis:
    """The result that one entry of a document's `images` holds.

    Args:
        image: of a document that its schema accepts; members that came later may be missing.
        identity: from read_identity; the document says it once for all of its images.

    Raises:
        KeyError, ValueError, TypeError: a member is missing or holds what no version of the format allows.
    """
    return ImageAnalysis(
        captured_at_utc=from_rfc3339(image["captured_at"]),
        width_px=image["width"],
        height_px=image["height"],
        um_per_px=image["um_per_px"],
        um_per_px_uncertainty=image.get("um_per_px_uncertainty"),
        calibration_id=image["calibration_id"],
        quality=_quality(image["quality"]),
        capillaries=tuple(map(_capillary, image["capillaries"])),
        haemorrhages=tuple(map(_haemorrhage, image["haemorrhages"])),
        metrics=ImageMetrics(**{name: image["metrics"][name] for name in _METRICS}),
        identity=identity,
        hidden_px=tuple(BoundingBox(*area) for area in image.get("hidden_px", ())),
        counted_row_px=tuple(tuple(map(_point, line)) for line in image.get("counted_row_px", ())),
    )


def read_identity(software: Json) -> EngineIdentity:
    """What the document's `software` names. Raises KeyError for a missing member."""
    return EngineIdentity(software["version"], software["runtime"], software["engines"])


def _quality(quality: Json) -> FrameQuality:
    return FrameQuality(
        is_evaluable=quality["evaluable"],
        reasons=tuple(map(QualityReason, quality["reasons"])),
        focus=quality["focus"],
        glare=quality["glare"],
        motion_px=quality["motion_px"],
        exposure=quality["exposure"],
        hints=tuple(map(QualityReason, quality.get("hints", ()))),
    )


def _capillary(loop: Json) -> Capillary:
    return Capillary(
        bbox=BoundingBox(*loop["bbox_px"]),
        score=loop["score"],
        track_id=loop["track_id"],
        row=Row(loop["row"]),
        morphology=Morphology(loop["morphology"]),
        size=SizeClass(loop["size"]),
        size_basis=SizeBasis(loop["size_basis"]),
        apex_px=None if loop["apex_px"] is None else _point(loop["apex_px"]),
        apical=_width(loop, "apical"),
        arterial=_width(loop, "arterial"),
        venous=_width(loop, "venous"),
    )


def _width(loop: Json, name: str) -> MeasuredWidth | None:
    segment, px = loop["segments_px"][name], loop["widths_px"][name]
    if segment is None or px is None:
        return None
    return MeasuredWidth(WidthSegment(_point(segment[0]), _point(segment[1])), px, loop["widths_um"][name])


def _haemorrhage(patch: Json) -> HaemorrhageDetection:
    return HaemorrhageDetection(BoundingBox(*patch["bbox_px"]), patch["score"])


def _point(pair: list[float]) -> Point:
    x, y = pair
    return x, y
