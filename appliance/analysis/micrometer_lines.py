"""The single graduations of a comb, each to a fraction of a pixel, and the even spacing that fits them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, map_coordinates
from scipy.special import stdtrit

from appliance.analysis.micrometer_comb import MIN_LINES, Comb, Strips

Array = NDArray[np.float64]

_MOST_PARTS = 6
_WINDOW = 0.42
"""How far from its expected place a line is looked for, in pitches."""

_CLEAR_SHARE = 0.35
"""A line shows at least this share of the typical line's contrast."""

_LONGEST_GAP = 3
"""Two graduations under dust are bridged; more end the scale."""


@dataclass(frozen=True)
class FoundLines:
    """Lines of one comb in the upright view.

    Attributes:
        numbers: (n,), whole, of each line along the comb; gaps where one is hidden.
        centres_px: (n,), x in the middle row.
        contrasts: (n,), depth of each line, in units of the view's detail.
        scatter_px: (n,), disagreement of a line's parts.
        middle_row_px: the row that `centres_px` holds for.
        is_bright: light lines on dark ground.
        noise: standard deviation of the profile between the lines.
        more_lean: what the lines themselves lean beyond the comb's lean.
    """

    numbers: NDArray[np.int64]
    centres_px: Array
    contrasts: Array
    scatter_px: Array
    middle_row_px: float
    is_bright: bool
    noise: float
    more_lean: float


@dataclass(frozen=True)
class Spacing:
    """Evenly spaced lines, fitted.

    Attributes:
        pitch_px: between neighbours along x.
        origin_px: x of line 0 in the middle row.
        uncertainty_px: of the pitch, 95 %, from the lines' scatter about the even spacing.
        residual_px: root mean square of that scatter.
        drift: change of the pitch from the first line to the last, as a share of it; perspective or a bent lens.
        drift_uncertainty: 95 %.
    """

    pitch_px: float
    origin_px: float
    uncertainty_px: float
    residual_px: float
    drift: float
    drift_uncertainty: float


def find_lines(bands: Strips, comb: Comb) -> FoundLines | None:
    """The longest unbroken run of clear lines; None for fewer than `MIN_LINES`."""
    rows = np.arange(bands.profiles.shape[0])[comb.rows]
    middle = float(bands.middle_px[rows].mean())
    whole = _leaned_mean(bands, rows, comb.lean, middle)
    is_bright = _is_bright(whole, comb.pitch_px)
    sign = 1.0 if is_bright else -1.0
    first = comb.first_px + comb.lean * middle + (0.0 if is_bright else comb.pitch_px / 2)
    smooth = gaussian_filter1d(sign * whole[0], _template_px(comb.pitch_px))
    numbers = _numbers_inside(whole[1], first, comb.pitch_px)
    if len(numbers) < MIN_LINES:
        return None
    centres, contrasts = _locate(smooth, np.asarray(first + numbers * comb.pitch_px, np.float64), comb.pitch_px)
    typical = float(np.median(np.sort(contrasts)[len(contrasts) // 2 :]))
    is_clear = (contrasts > _CLEAR_SHARE * typical) & (contrasts > 0)
    run = _longest_run(numbers[is_clear])
    keep = is_clear & (numbers >= run[0]) & (numbers <= run[1])
    if keep.sum() < MIN_LINES:
        return None
    parts = _by_parts(bands, rows, comb, middle, sign, centres[keep])
    merged, scatter = _merge(parts, centres[keep], comb.pitch_px)
    noise = _noise(sign * whole[0], merged, comb.pitch_px)
    lean = _lean_left(parts, bands.middle_px[rows], comb.pitch_px)
    return FoundLines(numbers[keep], merged, contrasts[keep], scatter, middle, is_bright, noise, lean)


def fit_spacing(lines: FoundLines) -> Spacing:
    """Even spacing through the lines by least squares with outliers weighted down (Huber), and what it leaves."""
    numbers = lines.numbers - lines.numbers.mean()
    weights = np.ones_like(lines.centres_px)
    slope = middle = 0.0
    for _ in range(8):
        mean = float(np.average(numbers, weights=weights))
        slope = float((weights * (numbers - mean) * lines.centres_px).sum() / (weights * (numbers - mean) ** 2).sum())
        middle = float(np.average(lines.centres_px, weights=weights)) - slope * mean
        left = lines.centres_px - middle - slope * numbers
        limit = 2.0 * max(1.4826 * float(np.median(np.abs(left))), 1e-6)
        weights = np.minimum(1.0, limit / np.maximum(np.abs(left), 1e-12))
    free = max(1, len(numbers) - 2)
    residual = float(np.sqrt((weights * left**2).sum() / free))
    spread = float((weights * (numbers - np.average(numbers, weights=weights)) ** 2).sum())
    uncertainty = float(stdtrit(free, 0.975)) * residual / np.sqrt(spread)
    drift, drift_uncertainty = _drift(numbers, left, slope)
    return Spacing(slope, middle - slope * float(lines.numbers.mean()), uncertainty, residual, drift, drift_uncertainty)


def line_rows(bands: Strips, comb: Comb, lines: FoundLines) -> list[tuple[float, float]]:
    """First and last row in which each line is seen, to draw it as long as it is engraved."""
    depth = _depths(bands, comb, lines)
    limit = 0.4 * np.median(depth[comb.rows], axis=0)
    ends = []
    for line in range(depth.shape[1]):
        first, last = comb.rows.start, comb.rows.stop - 1
        while first > 0 and depth[first - 1, line] > limit[line]:
            first -= 1
        while last < len(depth) - 1 and depth[last + 1, line] > limit[line]:
            last += 1
        half = (bands.height_px - 1) / 2
        ends.append((float(bands.middle_px[first]) - half, float(bands.middle_px[last]) + half))
    return ends


def solid_share(bands: Strips, comb: Comb, lines: FoundLines) -> float:
    """Share of the comb's strips in which a line is plainly there, over all lines."""
    depth = _depths(bands, comb, lines)[comb.rows]
    return float((depth > _CLEAR_SHARE * np.median(depth, axis=0)).mean())


def unevenness(detail: NDArray[np.float32], bands: Strips, comb: Comb, lines: FoundLines) -> tuple[float, float]:
    """How much the brightness varies from row to row along the lines, and along the gaps beside them.

    Both robust standard deviations, typical of all lines, in units of the view's detail.
    """
    first, last = bands.middle_px[comb.rows.start], bands.middle_px[comb.rows.stop - 1]
    rows = np.arange(int(first), int(last) + 1)
    x = lines.centres_px[:, None] + comb.lean * (rows[None, :] - lines.middle_row_px)
    row = np.broadcast_to(rows[None, :], x.shape)
    on, beside = (map_coordinates(detail, [row, x + shift], order=1) for shift in (0.0, comb.pitch_px / 2))
    return _typical_spread(on), _typical_spread(beside)


def _typical_spread(values: Array) -> float:
    away = np.abs(values - np.median(values, axis=1)[:, None])
    return float(np.median(1.4826 * np.median(away, axis=1)))


def _depths(bands: Strips, comb: Comb, lines: FoundLines) -> Array:
    """How much each line stands out from the gaps beside it in each strip; (bands, lines)."""
    sign = 1.0 if lines.is_bright else -1.0
    smooth = gaussian_filter1d(sign * bands.profiles, max(0.7, _template_px(comb.pitch_px) / 2), axis=1)
    x = lines.centres_px[None, :] + comb.lean * (bands.middle_px[:, None] - lines.middle_row_px)
    row = np.broadcast_to(np.arange(len(smooth))[:, None], x.shape)
    at, left, right = (
        map_coordinates(smooth, [row, np.clip(x + shift, 0, smooth.shape[1] - 1)], order=1)
        for shift in (0.0, -comb.pitch_px / 2, comb.pitch_px / 2)
    )
    return np.asarray(at - (left + right) / 2)


def _template_px(pitch_px: float) -> float:
    return float(np.clip(0.09 * pitch_px, 0.7, 2.5))


def _leaned_mean(bands: Strips, rows: NDArray[np.int64], lean: float, middle: float) -> tuple[Array, Array]:
    """Mean profile of strips, moved so that leaning lines fall together; and where it rests on any."""
    width = bands.profiles.shape[1]
    x = np.arange(width)[None, :] + lean * (bands.middle_px[rows][:, None] - middle)
    at = [np.broadcast_to(rows[:, None], x.shape), x]
    values = map_coordinates(bands.profiles, at, order=1, mode="nearest")
    weights = map_coordinates(bands.weights, at, order=1, mode="constant")
    total = weights.sum(axis=0)
    mean = (values * weights).sum(axis=0) / np.maximum(total, 1e-9)
    return mean, total / len(rows)


def _is_bright(whole: tuple[Array, Array], pitch_px: float) -> bool:
    """Lines are narrower than their gaps, so the rarer brightness is theirs."""
    mean, weight = whole
    inside = mean[weight > 0.5]
    left = inside - gaussian_filter1d(inside, 2 * pitch_px)
    return bool((left**3).mean() > 0)


def _numbers_inside(weight: Array, first_px: float, pitch_px: float) -> NDArray[np.int64]:
    inside = np.flatnonzero(weight > 0.5)
    if not len(inside):
        return np.zeros(0, dtype=np.int64)
    margin = max(1.0, 0.2 * pitch_px)
    low, high = inside[0] + margin, inside[-1] - margin
    return np.arange(np.ceil((low - first_px) / pitch_px), np.floor((high - first_px) / pitch_px) + 1, dtype=np.int64)


def _locate(profile: Array, expected_px: Array, pitch_px: float) -> tuple[Array, Array]:
    """Highest place near each expected one, between samples, and its height over the gaps on either side."""
    steps = np.arange(-_WINDOW * pitch_px, _WINDOW * pitch_px + 0.05, 0.1)
    places = expected_px[:, None] + steps[None, :]
    values = map_coordinates(profile, [places], order=3, mode="nearest")
    best = values.argmax(axis=1)
    centres = places[np.arange(len(places)), best]
    half = pitch_px / 2
    gaps = [map_coordinates(profile, [centres + side * half], order=1, mode="nearest") for side in (-1, 1)]
    return centres, values.max(axis=1) - (gaps[0] + gaps[1]) / 2


def _longest_run(numbers: NDArray[np.int64]) -> tuple[int, int]:
    if not len(numbers):
        return 0, -1
    breaks = np.flatnonzero(np.diff(numbers) > _LONGEST_GAP)
    starts, ends = np.concatenate([[0], breaks + 1]), np.concatenate([breaks, [len(numbers) - 1]])
    longest = int((ends - starts).argmax())
    return int(numbers[starts[longest]]), int(numbers[ends[longest]])


def _by_parts(bands: Strips, rows: NDArray[np.int64], comb: Comb, middle: float, sign: float, centres: Array) -> Array:
    """Centre of every line in each part of its height, moved to the middle row; (parts, lines)."""
    found = []
    for part in np.array_split(rows, min(_MOST_PARTS, len(rows))):
        profile, _ = _leaned_mean(bands, part, comb.lean, middle)
        smooth = gaussian_filter1d(sign * profile, _template_px(comb.pitch_px))
        found.append(_locate(smooth, centres, comb.pitch_px * 0.6)[0])
    return np.asarray(found)


def _lean_left(parts: Array, rows_px: Array, pitch_px: float) -> float:
    """Median over the lines of the slope through a line's parts."""
    at = np.asarray([part.mean() for part in np.array_split(rows_px, len(parts))])
    if len(at) < 3:
        return 0.0
    away = parts - parts.mean(axis=0)
    slopes = ((at - at.mean())[:, None] * away).sum(axis=0) / ((at - at.mean()) ** 2).sum()
    is_one_line = np.ptp(parts, axis=0) < 0.4 * pitch_px
    return float(np.median(slopes[is_one_line])) if is_one_line.any() else 0.0


def _merge(parts: Array, centres: Array, pitch_px: float) -> tuple[Array, Array]:
    """One centre a line: the mean of the parts near their median, so that dust on one part does not count."""
    median = np.median(parts, axis=0)
    off = np.abs(parts - median)
    limit = np.maximum(2.5 * 1.4826 * np.median(off, axis=0), 0.15)
    is_near = off <= limit
    merged = np.where(is_near, parts, 0.0).sum(axis=0) / is_near.sum(axis=0)
    scatter = np.sqrt(np.where(is_near, (parts - merged) ** 2, 0.0).sum(axis=0) / is_near.sum(axis=0))
    is_lost = np.abs(merged - centres) > 0.2 * pitch_px
    return np.where(is_lost, centres, merged), scatter


def _noise(profile: Array, centres: Array, pitch_px: float) -> float:
    """Scatter of the profile half-way between lines, from one gap to the next."""
    gaps = map_coordinates(profile, [centres + pitch_px / 2], order=1, mode="nearest")
    return float(1.4826 * np.median(np.abs(np.diff(gaps) - np.median(np.diff(gaps)))) / np.sqrt(2))


def _drift(numbers: Array, left: Array, pitch_px: float) -> tuple[float, float]:
    """Quadratic part of the places, as the pitch's change over the scale."""
    span = float(np.ptp(numbers))
    square = numbers**2 - (numbers**2).mean()
    bend = float((square * left).sum() / (square**2).sum())
    rest = left - bend * square
    error = float(np.sqrt((rest**2).sum() / max(1, len(left) - 3) / (square**2).sum()))
    to_share = 2 * span / pitch_px
    return bend * to_share, float(stdtrit(max(1, len(left) - 3), 0.975)) * error * abs(to_share)
