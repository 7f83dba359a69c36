"""A contact sheet of rendered nailfolds, each beside its truth: `python -m engines.synthetic.sheet OUT.jpg`."""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology, Row
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render
from engines.synthetic.truth import RenderedImage

ByteImage = NDArray[np.uint8]
TILE = (480, 360)
SHEET: tuple[tuple[Pattern, int], ...] = (
    (Pattern.HEALTHY, 2),
    (Pattern.CLINIC, 3),
    (Pattern.EARLY, 4),
    (Pattern.ACTIVE, 6),
    (Pattern.LATE, 8),
    (Pattern.HEALTHY, 5),
)
JPEG_QUALITY = 82
# Okabe and Ito's palette, safe for colour-blind eyes (jfly.uni-koeln.de/color).
COLOURS = {
    Morphology.NORMAL: (0, 158, 115),
    Morphology.TORTUOUS: (0, 114, 178),
    Morphology.RAMIFIED: (204, 121, 167),
    Morphology.GIANT: (213, 94, 0),
}
HAEMORRHAGE_COLOUR = (240, 228, 66)
IGNORED_COLOUR = (150, 150, 150)
SEGMENT_COLOUR = (255, 255, 255)


def draw_truth(rendered: RenderedImage) -> ByteImage:
    """The image with its truth drawn in, uint8 RGB: boxes by class (thin: other rows, grey: ignored) and widths."""
    image: ByteImage = rendered.image_rgb.copy()
    for loop in rendered.loops:
        colour = IGNORED_COLOUR if loop.is_ignored else COLOURS[loop.morphology]
        _draw_box(image, loop.bbox_px, colour, 2 if loop.row is Row.DISTAL else 1)
        for segment in (loop.apical_px, loop.arterial_px, loop.venous_px):
            if segment is not None and not loop.is_ignored:
                ends = [tuple(round(16 * c) for c in point) for point in segment]
                cv2.line(image, ends[0], ends[1], SEGMENT_COLOUR, 1, cv2.LINE_AA, 4)
    for patch in rendered.haemorrhages:
        _draw_box(image, patch.bbox_px, IGNORED_COLOUR if patch.is_ignored else HAEMORRHAGE_COLOUR, 1)
    return image


def make_sheet() -> ByteImage:
    """Pairs of plain image and truth, two pairs a row; uint8 RGB."""
    tiles = []
    for pattern, seed in SHEET:
        rendered = render(seed, pattern=pattern)
        name = f"{pattern.value}, seed {seed}"
        count = f"{rendered.density_per_mm:.1f} loops per mm, {rendered.um_per_px:.2f} um per px"
        tiles += [_tile(rendered.image_rgb, name), _tile(draw_truth(rendered), count)]
    rows = [np.hstack(tiles[i : i + 4]) for i in range(0, len(tiles), 4)]
    return np.asarray(np.vstack(rows))


def write_sheet(path: Path) -> None:
    """Write the sheet as a JPEG."""
    is_encoded, data = cv2.imencode(
        ".jpg", cv2.cvtColor(make_sheet(), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not is_encoded:
        raise OSError(f"The contact sheet could not be encoded for {path}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())


def _draw_box(
    image: ByteImage, box: tuple[float, float, float, float], colour: tuple[int, int, int], line: int
) -> None:
    x, y, w, h = box
    cv2.rectangle(image, (round(x), round(y)), (round(x + w), round(y + h)), colour, line)


def _tile(image: ByteImage, caption: str) -> ByteImage:
    small = cv2.resize(image, TILE, interpolation=cv2.INTER_AREA)
    small[-26:] = small[-26:] // 3
    cv2.putText(small, caption, (10, TILE[1] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(cv2.copyMakeBorder(small, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(18, 18, 18)))


if __name__ == "__main__":
    write_sheet(Path(sys.argv[1]))
