"""A stored still as the report shows it: scaled down, with what was found drawn in."""

import itertools
import math
from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from appliance.analysis.possible_giants import possible_giants
from appliance.analysis.uncertainty import width_decimals
from appliance.domain.detection import BoundingBox, Morphology, Row, SizeClass
from appliance.domain.errors import StoreError
from appliance.domain.honest_digits import digits
from appliance.domain.measurement import Capillary
from appliance.domain.review import ReviewedImage

Colour = tuple[int, int, int]
Point = tuple[float, float]
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont

# As on the pages (after Okabe and Ito, brightened for red-brown skin), doubled by dashes and the legend's letters.
COLOURS: dict[str, Colour] = {
    "normal": (143, 211, 255),
    "tortuous": (255, 224, 102),
    "ramified": (69, 230, 176),
    "giant": (255, 148, 71),
    "haemorrhage": (255, 159, 229),
}
DASHES: dict[str, tuple[float, float] | None] = {
    "normal": None,
    "tortuous": (7, 4),
    "ramified": (10, 4),
    "giant": None,
    "haemorrhage": (5, 4),
}
LETTERS = {"tortuous": "T", "ramified": "R", "giant": "G", "haemorrhage": "H"}
_CASING = (10, 14, 20, 150)
_LABEL_GROUND = (10, 14, 20, 205)
_INK: Colour = (255, 255, 255)
_LABEL_OF_WIDTH, _SMALLEST_LABEL_PX = 0.026, 26
"""Of a picture 90 mm wide on paper a label is 2.3 mm high, read at arm's length; small pictures have larger ones."""
_NO_PICTURE: Colour = (214, 217, 222)
_CROSS: Colour = (150, 40, 40)
_JPEG_QUALITY = 88
_FINER = 2
"""The overlay is drawn at this many times the size and scaled down: Pillow draws without anti-aliasing."""


def report_jpeg(png: bytes, reviewed: ReviewedImage | None, width_px: int) -> bytes:
    """JPEG of a still, at most `width_px` wide; findings of `reviewed` are drawn in, None draws nothing.

    Raises:
        StoreError: the still cannot be decoded.
    """
    try:
        image = Image.open(BytesIO(png)).convert("RGB")
    except OSError as error:
        raise StoreError(
            f"a still could not be decoded for the report: {error}", "Restore it from a backup."
        ) from error
    return _jpeg(image, reviewed, width_px)


def missing_jpeg(size_px: tuple[int, int], reviewed: ReviewedImage | None, width_px: int) -> bytes:
    """What stands for a still whose file is missing or damaged: a crossed-out area of its size, and its findings."""
    image = Image.new("RGB", size_px, _NO_PICTURE)
    draw, (right, bottom) = ImageDraw.Draw(image), (size_px[0] - 1, size_px[1] - 1)
    for line in ((0, 0, right, bottom), (0, bottom, right, 0), (0, 0, right, 0, right, bottom, 0, bottom, 0, 0)):
        draw.line(line, _CROSS, max(1, size_px[0] // 200))
    return _jpeg(image, reviewed, width_px)


def _jpeg(image: Image.Image, reviewed: ReviewedImage | None, width_px: int) -> bytes:
    scale = min(1.0, width_px / image.width)
    if scale < 1:
        image = image.resize((width_px, max(1, round(image.height * scale))), Image.Resampling.HAMMING)
    if reviewed is not None:
        _overlay(image, reviewed, scale)
    out = BytesIO()
    image.save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue()


def _overlay(image: Image.Image, reviewed: ReviewedImage, scale: float) -> None:
    """Scaling down costs most of a picture's time, so only the part with findings is."""
    layer = Image.new("RGBA", (image.width * _FINER, image.height * _FINER), (0, 0, 0, 0))
    _draw(layer, reviewed, scale * _FINER)
    drawn = layer.getbbox()
    if drawn is None:
        return
    left, top = drawn[0] // _FINER, drawn[1] // _FINER
    part = layer.crop((left * _FINER, top * _FINER, drawn[2], drawn[3])).reduce(_FINER)
    image.paste(part, (left, top), mask=part)


def _draw(layer: Image.Image, reviewed: ReviewedImage, scale: float) -> None:
    analysed, possible = reviewed.analysis, possible_giants(reviewed)
    draw = ImageDraw.Draw(layer)
    unit = max(1, round(layer.width / 900))
    font = ImageFont.load_default(max(_LABEL_OF_WIDTH * layer.width, _SMALLEST_LABEL_PX * _FINER))
    for patch in analysed.haemorrhages:
        _outline(draw, _box(patch.bbox, scale), "haemorrhage", 2 * unit, unit)
    for loop in analysed.capillaries:
        is_distal = loop.row is Row.DISTAL
        _outline(draw, _box(loop.bbox, scale), _kind(loop), 2 * unit if is_distal else unit, unit)
        for width in loop.widths:
            ends = (width.segment.start_px, width.segment.end_px)
            _line(draw, [(x * scale, y * scale) for x, y in ends], _INK, 2 * unit)
    for at, loop in enumerate(analysed.capillaries):
        letter = LETTERS.get(_kind(loop), "") + ("?" if at in possible else "")
        _label(draw, loop, letter, analysed.um_per_px, scale, font, unit)


def _kind(loop: Capillary) -> str:
    """A ramified loop keeps its colour; every other one above 50 um is drawn as a giant."""
    is_giant = loop.size is SizeClass.GIANT and loop.morphology is not Morphology.RAMIFIED
    return (Morphology.GIANT if is_giant else loop.morphology).value


def _label(
    draw: ImageDraw.ImageDraw,
    loop: Capillary,
    letter: str,
    um_per_px: float | None,
    scale: float,
    font: Font,
    unit: int,
) -> None:
    """The diameter above the loops of the distal row, and above every giant: there the one that makes it one."""
    um = None if loop.apical is None else loop.apical.um
    if loop.is_giant:
        um = max((width.um for width in loop.named_widths.values() if width and width.um), default=um)
    if um is None or (loop.row is not Row.DISTAL and not loop.is_giant):
        return
    left, top, right, _ = _box(loop.bbox, scale)
    kind = _kind(loop)
    at = ((left + right) / 2, max(4.0 * unit, top - 3 * unit))
    words = f"{letter} {digits(um, width_decimals(um, um_per_px))}".strip()
    anchor = "mb" if top > 20 * unit else "mt"
    x0, y0, x1, y1 = draw.textbbox(at, words, font=font, anchor=anchor)
    # On a dark ground: an outline alone is lost on red-brown skin when it is printed.
    draw.rounded_rectangle((x0 - 3 * unit, y0 - 2 * unit, x1 + 3 * unit, y1 + 2 * unit), 2 * unit, fill=_LABEL_GROUND)
    draw.text(at, words, fill=COLOURS[kind], font=font, anchor=anchor)


def _box(box: BoundingBox, scale: float) -> tuple[float, float, float, float]:
    return box.x * scale, box.y * scale, (box.x + box.w) * scale, (box.y + box.h) * scale


def _outline(
    draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], kind: str, width: int, unit: int
) -> None:
    left, top, right, bottom = box
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    thick = width + (unit if kind == "giant" else 0)
    for ends in itertools.pairwise(corners):
        _line(draw, ends, COLOURS[kind], thick, DASHES[kind], unit)


def _line(
    draw: ImageDraw.ImageDraw,
    ends: Sequence[Point],
    colour: Colour,
    width: int,
    dash: tuple[float, float] | None = None,
    unit: int = 1,
) -> None:
    (x0, y0), (x1, y1) = ends
    length = math.hypot(x1 - x0, y1 - y0)
    if not length:
        return
    draw.line([(x0, y0), (x1, y1)], fill=_CASING, width=width + 2)
    mark, gap = (length, 0.0) if dash is None else (dash[0] * unit, dash[1] * unit)
    at = 0.0
    while at < length:
        to = min(at + mark, length)
        start, end = ((x0 + (x1 - x0) * share / length, y0 + (y1 - y0) * share / length) for share in (at, to))
        draw.line([start, end], fill=colour, width=width)
        at = to + gap
