"""A stage micrometer under a capillaroscope, drawn so that its scale is known exactly."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_Field = NDArray[np.float64]

_BRIGHT, _DARK = 205.0, 45.0
_NUMBER_HEIGHT_UM = 40.0


@dataclass(frozen=True)
class MicrometerAppearance:
    """What is engraved, how it lies and how the scope sees it.

    Attributes:
        division_um: between neighbouring graduations.
        divisions: how many there are; the scale is `divisions * division_um` long.
        angle_deg: turn of the scale against the picture's x axis, counter-clockwise on the screen; 90 stands upright.
        offset_um: place of the scale's middle against the picture's, along and across the scale.
        mark_um: lengths of a minor, every fifth and every tenth graduation.
        line_um: width of a graduation; None takes a quarter of the division, at most 6 um.
        has_baseline: a line along the feet of the graduations.
        has_numbers: digits beyond every tenth graduation.
        is_bright: light graduations on dark ground, as under incident light.
        contrast: 1 is full; 0.1 leaves a tenth of it.
        blur_px: standard deviation of the lens's blur.
        noise: standard deviation of the sensor's noise in grey levels.
        unevenness: share of the light that is lost towards one corner.
        cast: factors of red, green and blue.
        dust: how many grains and hairs lie on it.
        missing: numbers of graduations that are worn away, counted from the left end.
    """

    division_um: float = 10.0
    divisions: int = 100
    angle_deg: float = 0.0
    offset_um: tuple[float, float] = (0.0, 0.0)
    mark_um: tuple[float, float, float] = (120.0, 170.0, 220.0)
    line_um: float | None = None
    has_baseline: bool = True
    has_numbers: bool = True
    is_bright: bool = False
    contrast: float = 1.0
    blur_px: float = 0.6
    noise: float = 2.0
    unevenness: float = 0.2
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    dust: int = 0
    missing: tuple[int, ...] = ()


def render_micrometer(
    width_px: int,
    height_px: int,
    um_per_px: float,
    look: MicrometerAppearance | None = None,
    seed: int = 0,
    um_per_px_y: float | None = None,
) -> Image:
    """The picture of a stage micrometer; uint8 RGB (height, width, 3). Same arguments, same picture.

    Args:
        um_per_px: micrometres per pixel along x.
        um_per_px_y: along y; None for square pixels.
    """
    look = look or MicrometerAppearance()
    rng = np.random.default_rng(seed)
    scale = (um_per_px, um_per_px if um_per_px_y is None else um_per_px_y)
    ink = _ink(width_px, height_px, scale, look)
    if look.has_numbers:
        ink = np.maximum(ink, _numbers(width_px, height_px, scale, look))
    ink = np.maximum(ink, _dust(width_px, height_px, look.dust, rng))
    paper, mark = (_DARK, _BRIGHT) if look.is_bright else (_BRIGHT, _DARK)
    grey = paper + (mark - paper) * look.contrast * ink
    if look.blur_px > 0:
        grey = cv2.GaussianBlur(grey, (0, 0), look.blur_px, borderType=cv2.BORDER_REPLICATE)
    lit = grey * _light(width_px, height_px, look.unevenness, rng)
    colours = lit[:, :, None] * np.asarray(look.cast, dtype=np.float64)
    colours += rng.normal(0.0, max(look.noise, 1e-9), colours.shape)
    return np.clip(np.rint(colours), 0, 255).astype(np.uint8)


def _axes(
    width_px: int, height_px: int, scale: tuple[float, float], look: MicrometerAppearance
) -> tuple[_Field, _Field]:
    """Micrometres along and across the scale of every pixel, from the scale's middle."""
    x_um = (np.arange(width_px) - (width_px - 1) / 2)[None, :] * scale[0]
    y_um = (np.arange(height_px) - (height_px - 1) / 2)[:, None] * scale[1]
    turn = math.radians(look.angle_deg)
    along = x_um * math.cos(turn) - y_um * math.sin(turn) - look.offset_um[0]
    across = x_um * math.sin(turn) + y_um * math.cos(turn) - look.offset_um[1]
    return along, across


def _ink(width_px: int, height_px: int, scale: tuple[float, float], look: MicrometerAppearance) -> _Field:
    """How much of each pixel is engraved, 0 to 1."""
    along, across = _axes(width_px, height_px, scale, look)
    pixel_um = min(scale)
    line_um = min(6.0, look.division_um / 4) if look.line_um is None else look.line_um
    start = -look.divisions * look.division_um / 2
    number = np.rint((along - start) / look.division_um)
    beside = np.abs(along - start - number * look.division_um)
    minor, fifth, tenth = look.mark_um
    length = np.where(number % 10 == 0, tenth, np.where(number % 5 == 0, fifth, minor))
    is_there = (number >= 0) & (number <= look.divisions) & ~np.isin(number, look.missing)
    foot = look.mark_um[0] / 2
    marks = _within(line_um / 2 - beside, pixel_um) * _within(foot - across, pixel_um)
    marks = marks * _within(across - (foot - length), pixel_um) * is_there
    if not look.has_baseline:
        return marks
    half_um = look.divisions * look.division_um / 2
    baseline = _within(line_um / 2 - np.abs(across - foot), pixel_um) * _within(half_um - np.abs(along), pixel_um)
    return np.maximum(marks, baseline)


def _within(depth_um: _Field, pixel_um: float) -> _Field:
    """Coverage of a pixel whose middle lies `depth_um` inside an edge."""
    return np.clip(depth_um / pixel_um + 0.5, 0.0, 1.0)


def _numbers(width_px: int, height_px: int, scale: tuple[float, float], look: MicrometerAppearance) -> _Field:
    """Upright digits beyond the tenth graduations."""
    layer = np.zeros((height_px, width_px), dtype=np.uint8)
    turn = math.radians(look.angle_deg)
    across = look.mark_um[0] / 2 - look.mark_um[2] - _NUMBER_HEIGHT_UM
    size = max(0.25, _NUMBER_HEIGHT_UM / scale[1] / 22)
    for number in range(0, look.divisions + 1, 10):
        along = (number - look.divisions / 2) * look.division_um + look.offset_um[0]
        beyond = across + look.offset_um[1]
        x_um = along * math.cos(turn) + beyond * math.sin(turn)
        y_um = beyond * math.cos(turn) - along * math.sin(turn)
        x, y = x_um / scale[0] + width_px / 2, y_um / scale[1] + height_px / 2
        cv2.putText(layer, str(number), (int(x) - 6, int(y)), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1, cv2.LINE_AA)
    return layer / 255.0


def _dust(width_px: int, height_px: int, count: int, rng: np.random.Generator) -> _Field:
    layer = np.zeros((height_px, width_px), dtype=np.uint8)
    for _ in range(count):
        x, y = int(rng.integers(width_px)), int(rng.integers(height_px))
        tone = int(rng.integers(90, 255))
        if rng.random() < 0.7:
            axes = (int(rng.integers(1, 9)), int(rng.integers(1, 7)))
            cv2.ellipse(layer, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, tone, -1, cv2.LINE_AA)
        else:
            steps = rng.normal(0, 12, (8, 2)) + rng.normal(0, 8, 2)
            bend = np.cumsum(steps, axis=0) + np.array([x, y])
            cv2.polylines(layer, [bend.astype(np.int32)], False, tone, 1, cv2.LINE_AA)
    return layer / 255.0


def _light(width_px: int, height_px: int, unevenness: float, rng: np.random.Generator) -> _Field:
    """1 at the brightest place, less towards a corner and the rim."""
    x, y = np.linspace(-1, 1, width_px)[None, :], np.linspace(-1, 1, height_px)[:, None]
    towards = rng.uniform(0, 2 * math.pi)
    slope = (x * math.cos(towards) + y * math.sin(towards)) / math.sqrt(2)
    rim = (x**2 + y**2) / 2
    lost = unevenness * (0.6 * (slope + 1) / 2 + 0.4 * rim)
    return np.asarray(1.0 - lost, dtype=np.float64)
