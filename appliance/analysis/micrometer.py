"""The graduations of a stage micrometer in a picture, found without any hint but the picture."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.micrometer_comb import MIN_LINES, Comb, Strips, fit_comb, pitch_candidates, strips
from appliance.analysis.micrometer_lines import (
    FoundLines,
    Spacing,
    find_lines,
    fit_spacing,
    line_rows,
    solid_share,
    unevenness,
)
from appliance.analysis.micrometer_view import UprightDetail, detail_of, stroke_directions, turn
from appliance.domain.calibration import Axis
from appliance.domain.errors import CalibrationError
from appliance.domain.keypoints import Point

MAX_TURN_DEG = 20.0
"""A scale turned further lies along neither axis."""

_RESIDUAL_SHARE, _RESIDUAL_PX = 0.006, 0.15
"""Engraved lines stand evenly, to the sensor's own fraction of a pixel: the spacing of capillaries varies by 25 %. Of
40 drawn scales none scattered by more than 0.35 % of the pitch and 0.1 px."""

_MIN_OCCUPIED = 0.8
_STRAIGHT = 0.001
_MAX_DRIFT = 0.03
_MIN_SIGNAL = 5.0
_MAX_UNEVEN = 0.45
_MIN_SOLID = 0.75
"""A graduation is one stroke: a line of text has gaps, a limb of a capillary ends and bends."""

_MAX_MODULATION, _MAX_MODULATION_OVER_GAPS = 0.25, 3.0
"""Along a graduation the brightness varies as in the gap beside it, by noise; along a line of text it varies by 130 %
of the contrast and thirty times as much as in the gap."""

_MIN_CONTRAST = 0.012
"""Of the light around: three of 256 grey levels."""

_BLOCK_PX, _BLOCK_CONTRAST = 8, 0.03
"""A shade over a blank frame comes out of a strong JPEG compression as stairs, whose steps follow its blocks."""


@dataclass(frozen=True)
class Graduations:
    """What was found of a scale.

    Attributes:
        pitch_px: between neighbouring graduations, at right angles to them.
        uncertainty_px: of the pitch, 95 %: the lines' scatter, and the drift of the pitch along the scale.
        angle_deg: turn of the scale against its axis, clockwise on the screen.
        axis: the picture's axis along which the graduations follow one another.
        lines_px: each graduation from end to end, in pixels of the picture.
        hidden: graduations between the first and the last that were not seen.
        residual_px: root mean square distance of the lines from even spacing.
        drift: change of the pitch along the scale, as a share.
        is_bright: light lines on dark ground.
        long_mark_every: 5 or 10 where longer marks stand that far apart; None where none were told apart.
    """

    pitch_px: float
    uncertainty_px: float
    angle_deg: float
    axis: Axis
    lines_px: tuple[tuple[Point, Point], ...]
    hidden: int
    residual_px: float
    drift: float
    is_bright: bool
    long_mark_every: int | None


@dataclass(frozen=True)
class _Candidate:
    view: UprightDetail
    bands: Strips
    comb: Comb
    lines: FoundLines
    spacing: Spacing

    @property
    def strength(self) -> float:
        return float(np.median(self.lines.contrasts)) * len(self.lines.numbers)

    @property
    def direction_deg(self) -> float:
        """Along which the graduations follow one another, -90 to 90, clockwise from x on the screen."""
        turned = self.view.to_picture
        x = float(turned[0, 0] - turned[0, 1] * self.comb.lean)
        y = float(turned[1, 0] - turned[1, 1] * self.comb.lean)
        return (math.degrees(math.atan2(y, x)) + 90.0) % 180.0 - 90.0


def find_graduations(image_rgb: NDArray[np.uint8], axis: Axis | None = None) -> Graduations:
    """The scale in a picture of a stage micrometer.

    Directions of stroke come from the gradients, the pitch from the strips' autocorrelation, pitch and lean from their
    phase, and each line's place from a fit within a pitch; even spacing through the lines gives pitch and uncertainty.

    Args:
        image_rgb: uint8 (height, width, 3); dark lines on light ground or the reverse, in any even or uneven light.
        axis: look only along this one; None takes what is there.

    Raises:
        CalibrationError: no scale, more than one, or one that is turned too far, too fine, too short or not even;
            says which and what to do.
    """
    detail = detail_of(image_rgb)
    looks = [_scale_across(detail, direction) for direction in stroke_directions(detail)]
    distinct = _without_repeats([one for one in looks if one is not None and not _follows_blocks(one)])
    if not distinct:
        raise CalibrationError("no evenly spaced graduations were found in the picture", _REMEDY)
    usable = [c for c in distinct if _axis_of(c.direction_deg) is not None]
    if not usable:
        turned = _from_nearest_axis(distinct[0].direction_deg)
        raise CalibrationError(
            f"the scale is turned by {abs(turned):.0f} degrees", f"Turn it to within {MAX_TURN_DEG:.0f} degrees."
        )
    fitting = [c for c in usable if axis in (None, _axis_of(c.direction_deg))]
    if not fitting:
        raise CalibrationError(
            f"the graduations do not follow one another along {axis.value if axis else ''}", "Turn the micrometer."
        )
    if len(fitting) > 1:
        raise CalibrationError(
            f"{len(fitting)} different scales were found in the picture", "Move all but one out of the picture."
        )
    return _described(fitting[0])


_REMEDY = "Focus on the scale, light it evenly and let it fill the picture; or use two clicks."


def _scale_across(detail: NDArray[np.float32], direction_deg: float) -> _Candidate | None:
    """The finest even comb across one direction; the view is turned once more by the lean that the first look finds."""
    for _ in range(2):
        view = turn(detail, direction_deg)
        bands = strips(view)
        best = _finest(view, bands)
        if best is None or abs(best.comb.lean) < 0.002:
            return best
        direction_deg -= math.degrees(math.atan(best.comb.lean))
    return best


def _finest(view: UprightDetail, bands: Strips) -> _Candidate | None:
    for pitch in pitch_candidates(bands):
        comb = fit_comb(bands, pitch)
        lines = None if comb is None else find_lines(bands, comb)
        if comb is None or lines is None:
            continue
        if abs(lines.more_lean) > _STRAIGHT:
            # Few long lines far apart tell the lean by their own course better than by the phase of their rhythm.
            comb = replace(
                comb, lean=comb.lean + lines.more_lean, first_px=comb.first_px - lines.more_lean * lines.middle_row_px
            )
            lines = find_lines(bands, comb) or lines
        spacing = fit_spacing(lines)
        if _is_scale(bands, comb, lines, spacing) and _is_of_strokes(view, bands, comb, lines):
            return _Candidate(view, bands, comb, lines, spacing)
    return None


def _is_scale(bands: Strips, comb: Comb, lines: FoundLines, spacing: Spacing) -> bool:
    span = int(lines.numbers[-1] - lines.numbers[0]) + 1
    typical = float(np.median(lines.contrasts))
    uneven = float(1.4826 * np.median(np.abs(lines.contrasts - typical))) / typical
    return (
        len(lines.numbers) >= MIN_LINES
        and len(lines.numbers) >= _MIN_OCCUPIED * span
        and spacing.residual_px <= _RESIDUAL_SHARE * spacing.pitch_px + _RESIDUAL_PX
        and abs(spacing.drift) - spacing.drift_uncertainty <= _MAX_DRIFT
        and typical >= _MIN_SIGNAL * lines.noise
        and uneven <= _MAX_UNEVEN
        and typical >= _MIN_CONTRAST
        and solid_share(bands, comb, lines) >= _MIN_SOLID
    )


def _is_of_strokes(view: UprightDetail, bands: Strips, comb: Comb, lines: FoundLines) -> bool:
    on_lines, in_gaps = unevenness(view.detail, bands, comb, lines)
    typical = float(np.median(lines.contrasts))
    return on_lines <= max(_MAX_MODULATION * typical, _MAX_MODULATION_OVER_GAPS * in_gaps)


def _follows_blocks(found: _Candidate) -> bool:
    """Whether faint lines stand exactly upright and whole blocks of compression apart."""
    blocks = found.spacing.pitch_px / _BLOCK_PX
    is_whole = round(blocks) >= 1 and abs(blocks - round(blocks)) < 0.004 * blocks
    is_upright = abs(_from_nearest_axis(found.direction_deg)) < 0.3
    return is_whole and is_upright and float(np.median(found.lines.contrasts)) < _BLOCK_CONTRAST


def _without_repeats(found: list[_Candidate]) -> list[_Candidate]:
    """Strongest first; two looks at the same scale count once."""
    kept: list[_Candidate] = []
    for candidate in sorted(found, key=lambda c: -c.strength):
        turns = [abs((candidate.direction_deg - other.direction_deg + 90.0) % 180.0 - 90.0) for other in kept]
        if all(turn_deg > 45.0 for turn_deg in turns):
            kept.append(candidate)
    return kept


def _from_nearest_axis(direction_deg: float) -> float:
    return (direction_deg + 45.0) % 90.0 - 45.0


def _axis_of(direction_deg: float) -> Axis | None:
    if abs(_from_nearest_axis(direction_deg)) > MAX_TURN_DEG:
        return None
    return Axis.X if abs(direction_deg) < 45.0 else Axis.Y


def _described(found: _Candidate) -> Graduations:
    comb, lines, spacing = found.comb, found.lines, found.spacing
    axis = _axis_of(found.direction_deg)
    assert axis is not None
    upright = math.cos(math.atan(comb.lean))
    rows = line_rows(found.bands, comb, lines)
    ends = []
    for centre, (first, last) in zip(lines.centres_px, rows, strict=True):
        top = float(centre) + comb.lean * (first - lines.middle_row_px)
        bottom = float(centre) + comb.lean * (last - lines.middle_row_px)
        ends.append((found.view.picture_point(top, first), found.view.picture_point(bottom, last)))
    spread = abs(spacing.drift) * spacing.pitch_px / math.sqrt(12) if _is_real(spacing) else 0.0
    return Graduations(
        pitch_px=spacing.pitch_px * upright,
        uncertainty_px=math.hypot(spacing.uncertainty_px, spread) * upright,
        angle_deg=_from_nearest_axis(found.direction_deg),
        axis=axis,
        lines_px=tuple(ends),
        hidden=int(lines.numbers[-1] - lines.numbers[0]) + 1 - len(lines.numbers),
        residual_px=spacing.residual_px,
        drift=spacing.drift,
        is_bright=lines.is_bright,
        long_mark_every=_long_mark_every(lines.numbers, np.array([last - first for first, last in rows])),
    )


def _is_real(spacing: Spacing) -> bool:
    return abs(spacing.drift) > spacing.drift_uncertainty


def _long_mark_every(numbers: NDArray[np.int64], lengths_px: NDArray[np.float64]) -> int | None:
    """How far apart the longer marks stand, where that is plain."""
    is_long = lengths_px > 1.2 * float(np.median(lengths_px))
    steps = np.diff(numbers[is_long])
    if len(steps) < 1:
        return None
    every = int(np.median(steps))
    return every if every in (5, 10) and bool((steps % every == 0).all()) else None
