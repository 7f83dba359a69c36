"""Findings of a stored `nailfold.analysis/1` image entry as the stages know them."""

from typing import Any

from appliance.analysis.measure import MeasuredLoop
from appliance.domain.detection import (
    BoundingBox,
    CapillaryDetection,
    HaemorrhageDetection,
    Morphology,
    Row,
    SizeBasis,
    SizeClass,
)
from appliance.domain.keypoints import Point, WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth

Json = dict[str, Any]


def capillary_from(stored: Json) -> Capillary:
    """A capillary as it was written, to the digits that were written."""
    widths = {name: _width(stored, name) for name in ("apical", "arterial", "venous")}
    return Capillary(
        bbox=BoundingBox(*stored["bbox_px"]),
        score=stored["score"],
        track_id=stored["track_id"],
        row=Row(stored["row"]),
        morphology=Morphology(stored["morphology"]),
        size=SizeClass(stored["size"]),
        size_basis=SizeBasis(stored["size_basis"]),
        apex_px=None if stored["apex_px"] is None else _point(stored["apex_px"]),
        **widths,
    )


def haemorrhage_from(stored: Json) -> HaemorrhageDetection:
    """A haemorrhage as it was written."""
    return HaemorrhageDetection(BoundingBox(*stored["bbox_px"]), stored["score"])


def loop_from(capillary: Capillary) -> MeasuredLoop:
    """The capillary as a loop whose calibre and row may be decided anew.

    The shape and calibre by appearance are not kept once widths have spoken; what was decided then stands in for them.
    """
    return MeasuredLoop(
        detection=CapillaryDetection(capillary.bbox, capillary.score, capillary.morphology, capillary.size),
        apex_px=capillary.apex_px,
        apical=capillary.apical,
        arterial=capillary.arterial,
        venous=capillary.venous,
        row=capillary.row,
        track_id=capillary.track_id,
    )


def _width(stored: Json, name: str) -> MeasuredWidth | None:
    segment, px = stored["segments_px"][name], stored["widths_px"][name]
    if segment is None or px is None:
        return None
    return MeasuredWidth(WidthSegment(_point(segment[0]), _point(segment[1])), px, stored["widths_um"][name])


def _point(pair: list[float]) -> Point:
    return pair[0], pair[1]
