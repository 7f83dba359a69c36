"""Pictures of what was found, for people to judge."""

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Detections
from appliance.domain.keypoints import LoopKeypoints, WidthSegment

# Okabe-Ito, safe for colour-blind eyes; RGB.
COLOURS = {"normal": (86, 180, 233), "tortuous": (240, 228, 66), "ramified": (204, 121, 167), "giant": (230, 159, 0)}
WIDTH_COLOURS = ((0, 158, 115), (213, 94, 0), (0, 114, 178))
HAEMORRHAGE_COLOUR = (0, 0, 0)


def draw_overlay(
    image_rgb: NDArray[np.uint8], detections: Detections, keypoints: tuple[LoopKeypoints, ...], zoom: int = 2
) -> NDArray[np.uint8]:
    """The picture enlarged `zoom` times with boxes, scores and widths; uint8 RGB."""
    height, width = image_rgb.shape[:2]
    canvas = cv2.resize(image_rgb, (width * zoom, height * zoom), interpolation=cv2.INTER_CUBIC)
    for capillary in detections.capillaries:
        box, colour = capillary.bbox, COLOURS[capillary.morphology.value]
        corner = _to_canvas((box.x, box.y), zoom)
        cv2.rectangle(canvas, corner, _to_canvas((box.x + box.w, box.y + box.h), zoom), colour, 1, cv2.LINE_AA)
        label = f"{capillary.score:.2f}{capillary.size_by_appearance.value[0]}"
        cv2.putText(canvas, label, (corner[0], corner[1] - 2), cv2.FONT_HERSHEY_SIMPLEX, 0.35, colour, 1, cv2.LINE_AA)
    for patch in detections.haemorrhages:
        box = patch.bbox
        ends = _to_canvas((box.x, box.y), zoom), _to_canvas((box.x + box.w, box.y + box.h), zoom)
        cv2.rectangle(canvas, *ends, HAEMORRHAGE_COLOUR, 2, cv2.LINE_AA)
    for loop in keypoints:
        for segment, colour in zip((loop.apical, loop.arterial, loop.venous), WIDTH_COLOURS, strict=True):
            _draw_width(canvas, segment, colour, zoom)
    return np.asarray(canvas, dtype=np.uint8)


def _draw_width(
    canvas: NDArray[np.uint8], segment: WidthSegment | None, colour: tuple[int, int, int], zoom: int
) -> None:
    if segment is not None:
        ends = _to_canvas(segment.start_px, zoom), _to_canvas(segment.end_px, zoom)
        cv2.line(canvas, *ends, colour, 2, cv2.LINE_AA)


def _to_canvas(point: tuple[float, float], zoom: int) -> tuple[int, int]:
    return round((point[0] + 0.5) * zoom - 0.5), round((point[1] + 0.5) * zoom - 0.5)
