"""A sheet of the judged pictures with the most errors, for people to look at."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.evaluation.judged import FloatArray, JudgedPicture
from engines.evaluation.judged_figures import CONFIDENCE, PictureFindings, false_boxes, missed_loops

CELL = (640, 480)
COLUMNS = 3
# Okabe-Ito, RGB: found, missed, false, ignored.
FOUND, MISSED, FALSE, IGNORED = (0, 158, 115), (230, 159, 0), (213, 94, 0), (150, 150, 150)


def draw_worst(
    pictures: Sequence[JudgedPicture], findings: Sequence[PictureFindings], path: Path, count: int = 12
) -> None:
    """Write the `count` worst as one picture: findings green, missed loops dashed orange, false boxes red."""
    errors = [
        len(false_boxes(picture, one)) + len(missed_loops(picture, one))
        for picture, one in zip(pictures, findings, strict=True)
    ]
    worst = np.argsort(-np.array(errors), kind="stable")[:count]
    cells = [_drawn(pictures[at], findings[at]) for at in worst]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % COLUMNS)
    rows = [np.hstack(cells[at : at + COLUMNS]) for at in range(0, len(cells), COLUMNS)]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def _drawn(picture: JudgedPicture, finding: PictureFindings) -> NDArray[np.uint8]:
    height, width = picture.image_rgb.shape[:2]
    zoom = min(CELL[0] / width, CELL[1] / height)
    canvas = np.zeros((CELL[1], CELL[0], 3), np.uint8)
    size = (round(width * zoom), round(height * zoom))
    canvas[: size[1], : size[0]] = cv2.resize(picture.image_rgb, size, interpolation=cv2.INTER_AREA)
    false, sure = false_boxes(picture, finding), finding.boxes[finding.scores >= CONFIDENCE]
    for boxes, colour, thickness in (
        (picture.ignored, IGNORED, 1),
        (sure, FOUND, 1),
        (missed_loops(picture, finding), MISSED, 2),
        (false, FALSE, 2),
    ):
        _draw(canvas, boxes, zoom, colour, thickness)
    text = f"{picture.name}: {len(missed_loops(picture, finding))} missed, {len(false)} false"
    cv2.putText(canvas, text, (6, CELL[1] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return canvas


def _draw(
    canvas: NDArray[np.uint8], boxes: FloatArray, zoom: float, colour: tuple[int, int, int], thickness: int
) -> None:
    for x, y, w, h in boxes:
        corners = np.array([[x + 0.5, y + 0.5], [x + w + 0.5, y + h + 0.5]]) * zoom - 0.5
        ends = [(round(float(cx)), round(float(cy))) for cx, cy in corners]
        cv2.rectangle(canvas, ends[0], ends[1], colour, thickness, cv2.LINE_AA)
