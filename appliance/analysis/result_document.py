"""Writing the `nailfold.analysis/1` document: the one form in which results are kept and sent.

Plain JSON types. Not measurable is null, and a density that is null says why. Lengths in pixels are of the full frame,
x right, y down, origin at the centre of the top-left pixel. Reading it: result_reading.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.analysis.size import WRITTEN_DECIMALS_UM, is_size_near_cut
from appliance.domain.analysis_result import EngineIdentity, ImageAnalysis
from appliance.domain.detection import BoundingBox, HaemorrhageDetection
from appliance.domain.figure_definitions import MEASURED
from appliance.domain.instant import to_rfc3339
from appliance.domain.keypoints import Point
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import FrameQuality

SCHEMA = "nailfold.analysis/1"
"""Member `schema` of the document; its JSON Schema is appliance/schemas/nailfold.analysis-1.schema.json."""

Json = dict[str, Any]

_DIGITS = {one.key: one.measured.digits for one in MEASURED if one.measured is not None}


def document(images: Sequence[Json], identity: EngineIdentity) -> Json:
    """The whole document of images that one software and one set of engines analysed.

    Args:
        images: from image_document.
        identity: what produced them.
    """
    return {
        "schema": SCHEMA,
        "software": {
            "version": identity.software_version,
            "runtime": identity.runtime,
            "engines": dict(identity.engines),
        },
        "images": list(images),
    }


def image_document(analysis: ImageAnalysis, file_name: str | None, extra: Mapping[str, Any] | None = None) -> Json:
    """One image's part of the document; the live overlay sends it as it is.

    Args:
        analysis: of one picture.
        file_name: of the image; None or empty for a live frame, which has no file.
        extra: further members that the schema knows, such as `seq` and `stage_ms`.

    Raises:
        ValueError: `extra` would replace a measured member.
    """
    image: Json = {
        "file": file_name or None,
        "width": analysis.width_px,
        "height": analysis.height_px,
        "captured_at": to_rfc3339(analysis.captured_at_utc),
        "um_per_px": analysis.um_per_px,
        "calibration_id": analysis.calibration_id,
        "quality": _quality(analysis.quality),
        **findings_document(analysis),
    }
    if analysis.um_per_px_uncertainty is not None:
        image["um_per_px_uncertainty"] = round(analysis.um_per_px_uncertainty, 6)
    if analysis.hidden_px:
        image["hidden_px"] = [_box(area) for area in analysis.hidden_px]
    if extra is not None:
        if clash := image.keys() & extra.keys():
            raise ValueError(f"extra members {sorted(clash)} would replace measured ones")
        image.update(extra)
    return image


def findings_document(analysis: ImageAnalysis) -> Json:
    """The members of an image's part that tell what was found: `capillaries`, `haemorrhages`, `metrics`, the row."""
    found: Json = {
        "capillaries": [capillary_document(capillary, analysis.um_per_px) for capillary in analysis.capillaries],
        "haemorrhages": [haemorrhage_document(haemorrhage) for haemorrhage in analysis.haemorrhages],
        "metrics": _metrics(analysis.metrics),
    }
    if analysis.counted_row_px:
        found["counted_row_px"] = [[_point(point) for point in line] for line in analysis.counted_row_px]
    return found


def _quality(quality: FrameQuality) -> Json:
    return {
        "evaluable": quality.is_evaluable,
        "reasons": [reason.value for reason in quality.reasons],
        "focus": round(quality.focus, 3),
        "glare": round(quality.glare, 4),
        "motion_px": None if quality.motion_px is None else round(quality.motion_px, 1),
        "exposure": round(quality.exposure, 3),
        "hints": [hint.value for hint in quality.hints],
    }


def capillary_document(capillary: Capillary, um_per_px: float | None) -> Json:
    """One member of `capillaries`; `um_per_px` is that of its picture."""
    widths = capillary.named_widths
    return {
        "bbox_px": _box(capillary.bbox),
        "score": round(capillary.score, 3),
        "track_id": capillary.track_id,
        "row": capillary.row.value,
        "morphology": capillary.morphology.value,
        "size": capillary.size.value,
        "size_basis": capillary.size_basis.value,
        "size_is_near_cut": is_size_near_cut(capillary, um_per_px),
        "apex_px": None if capillary.apex_px is None else _point(capillary.apex_px),
        "segments_px": {name: _segment(width) for name, width in widths.items()},
        "widths_px": {name: None if width is None else round(width.px, 2) for name, width in widths.items()},
        "widths_um": {
            name: None if width is None else _rounded(width.um, WRITTEN_DECIMALS_UM) for name, width in widths.items()
        },
    }


def haemorrhage_document(haemorrhage: HaemorrhageDetection) -> Json:
    """One member of `haemorrhages`."""
    return {"bbox_px": _box(haemorrhage.bbox), "score": round(haemorrhage.score, 3)}


def _metrics(metrics: ImageMetrics) -> Json:
    return {
        key: value if (digits := _DIGITS.get(key)) is None else _rounded(value, digits)
        for key, value in vars(metrics).items()
    }


def _segment(width: MeasuredWidth | None) -> list[list[float]] | None:
    return None if width is None else [_point(width.segment.start_px), _point(width.segment.end_px)]


def _box(box: BoundingBox) -> list[float]:
    return [round(box.x, 1), round(box.y, 1), round(box.w, 1), round(box.h, 1)]


def _point(point: Point) -> list[float]:
    return [round(point[0], 1), round(point[1], 1)]


def _rounded(value: float | None, digits: int | None) -> float | None:
    return None if value is None else round(value, digits)
