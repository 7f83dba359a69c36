"""A picture with everything that was found drawn in, and the figures in a strip below it."""

import math
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from appliance.analysis import uncertainty
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.bands import DENSITY
from appliance.domain.detection import BoundingBox, Morphology, Row
from appliance.domain.honest_digits import decimals_of_value, digits
from appliance.domain.keypoints import Point
from appliance.domain.measurement import Capillary

Colour = tuple[int, int, int]

# As on the pages (after Okabe and Ito, brightened for red-brown skin); doubled by the letter at the box.
COLOURS: dict[Morphology, Colour] = {
    Morphology.NORMAL: (143, 211, 255),
    Morphology.TORTUOUS: (255, 224, 102),
    Morphology.RAMIFIED: (69, 230, 176),
    Morphology.GIANT: (255, 148, 71),
}
LETTERS = {Morphology.NORMAL: "N", Morphology.TORTUOUS: "T", Morphology.RAMIFIED: "R", Morphology.GIANT: "G"}
HAEMORRHAGE_COLOUR: Colour = (255, 159, 229)
ROW_COLOUR: Colour = (255, 255, 255)
DRAWN_WIDTH = 1280
"""A picture is drawn on about this many pixels a line, or on its own where it has more."""
ROW_BORDER = 0.02
"""A counted stretch that ends so near to the border, in widths, ends with the picture; as on the pages."""
UNMEASURED = {
    "no_calibration": "density not measurable: no scale known",
    "not_evaluable": "density not measurable: picture not evaluable",
    "no_distal_row": "density not measurable: no distal row found",
    "row_hidden": "density not measurable: too little of the distal row can be seen",
}
_INK: Colour = (255, 255, 255)
_STRIP: Colour = (16, 20, 24)


@dataclass(frozen=True)
class Canvas:
    """What is drawn on: the picture enlarged `zoom` times, with lines of `unit` pixels."""

    draw: ImageDraw.ImageDraw
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    zoom: int
    unit: int

    def at(self, point: Point) -> Point:
        """A point of the picture (origin at the centre of its first pixel) on the canvas."""
        x, y = ((value + 0.5) * self.zoom - 0.5 for value in point)
        return x, y

    def corners(self, box: BoundingBox) -> tuple[float, float, float, float]:
        return (*self.at((box.x, box.y)), *self.at((box.x + box.w, box.y + box.h)))


def overlay_png(image_rgb: NDArray[np.uint8], analysis: FrameAnalysis) -> bytes:
    """PNG of the picture with boxes by class, width segments and numbers, and a strip with the figures below.

    Args:
        image_rgb: the picture of `analysis`, uint8 (height, width, 3). A small one is enlarged by a whole number, so
            that the numbers beside the loops leave room for each other.
    """
    height, width = image_rgb.shape[:2]
    zoom = max(1, round(DRAWN_WIDTH / width))
    shown = Image.fromarray(image_rgb).resize((width * zoom, height * zoom), Image.Resampling.BICUBIC)
    unit = max(1, round(shown.width / DRAWN_WIDTH))
    font = ImageFont.load_default(13 * unit)
    lines = [part for line in summary_lines(analysis) for part in _wrapped(line, font, shown.width - 12 * unit)]
    image = Image.new("RGB", (shown.width, shown.height + (len(lines) * 18 + 8) * unit), _STRIP)
    image.paste(shown, (0, 0))
    canvas = Canvas(ImageDraw.Draw(image), font, zoom, unit)
    for patch in analysis.haemorrhages:
        canvas.draw.ellipse(canvas.corners(patch.bbox), outline=HAEMORRHAGE_COLOUR, width=2 * unit)
    for stretch in analysis.counted_row_px:
        for end, inner in ((stretch[0], stretch[1]), (stretch[-1], stretch[-2])):
            if min(*end, width - end[0], height - end[1]) >= ROW_BORDER * width:
                bracket = _bracket(canvas.at(end), canvas.at(inner), 8 * unit)
                canvas.draw.line(bracket, fill=ROW_COLOUR, width=2 * unit)
    for number, capillary in enumerate(analysis.capillaries, start=1):
        _draw_capillary(canvas, capillary, number)
    for index, line in enumerate(lines):
        canvas.draw.text((6 * unit, shown.height + (4 + 18 * index) * unit), line, fill=_INK, font=font)
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _wrapped(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width_px: float) -> list[str]:
    lines = [""]
    for word in line.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getbbox(longer)[2] > width_px:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _density_words(density_per_mm: float | None, off: float | None) -> str:
    if density_per_mm is None or off is None:
        return ""
    written = DENSITY.written(density_per_mm)  # as the document beside the picture has it
    decimals = decimals_of_value(written, off, 1, DENSITY.cuts)
    return f"{digits(written, decimals)} ± {digits(off, decimals)} capillaries per mm"


def summary_lines(analysis: FrameAnalysis) -> list[str]:
    """The figures of one picture in the words of the clinic."""
    metrics = analysis.metrics
    reason = metrics.density_unmeasurable_because
    density = _density_words(metrics.density_per_mm, uncertainty.of_density_in(metrics))
    counts = (
        f"capillaries: {metrics.capillaries_total}, in the distal row: {metrics.capillaries_distal}; {metrics.normal} "
        f"normal, {metrics.tortuous} tortuous, {metrics.ramified} ramified, {metrics.giant} giant; "
        f"haemorrhages: {metrics.haemorrhages}"
    )
    quality = analysis.quality
    reasons = ", ".join(word.value.replace("_", " ") for word in quality.reasons)
    return [density or UNMEASURED.get(reason or "", f"density not measurable: {reason}"), counts] + (
        [] if quality.is_evaluable else [f"Not evaluable: {reasons}"]
    )


def _draw_capillary(canvas: Canvas, capillary: Capillary, number: int) -> None:
    colour, unit = COLOURS[capillary.morphology], canvas.unit
    line_px = 3 * unit if capillary.row is Row.DISTAL else unit
    corners = canvas.corners(capillary.bbox)
    canvas.draw.rectangle(corners, outline=colour, width=line_px)
    for width in (capillary.apical, capillary.arterial, capillary.venous):
        if width is not None:
            ends = [canvas.at(width.segment.start_px), canvas.at(width.segment.end_px)]
            canvas.draw.line(ends, fill=_INK, width=2 * unit)
    label = f"{number}{LETTERS[capillary.morphology]}"
    apical = capillary.apical
    if apical is not None:
        label += f" {digits(apical.um, 0)} um" if apical.um is not None else f" {digits(apical.px, 0)} px"
    place = (corners[0], max(0.0, corners[1] - 16 * unit))
    canvas.draw.text(place, label, fill=colour, font=canvas.font, stroke_width=unit, stroke_fill=(0, 0, 0))


def _bracket(end: Point, inner: Point, size_px: int) -> list[Point]:
    (x, y), back = end, math.copysign(size_px, inner[0] - end[0])
    return [(x + back, y - size_px), (x, y - size_px), (x, y + size_px), (x + back, y + size_px)]
