"""The comb of graduations in an upright view: pitch by autocorrelation, lean by phase, the rows it stands in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.micrometer_view import UprightDetail

Array = NDArray[np.float64]
Waves = NDArray[np.complex128]

MIN_PITCH_PX = 3.5
"""Closer graduations are not resolved by the sensor."""

MIN_LINES = 5
"""Fewer could be anything that stands side by side; two clicks remain."""

_MOST_HARMONICS = 4
_BANDS = 64
_MIN_BAND_PX = 4
_PEAK_SHARE = 0.06
_MOST_PEAKS = 12
_SPECTRUM_FINENESS = 16
"""Frequencies a spectrum holds for each that the width tells apart: between two of them a straight line is right to
0.5 % of the strength, and the search for the comb moves by less than 2 % of a pitch at either end of the picture."""

_FRACTIONS = (1, 2, 5, 10)
"""A long mark every fifth or tenth may be the strongest rhythm; the graduations between are tried first."""


@dataclass(frozen=True)
class Strips:
    """Mean brightness of strips across an upright view.

    Attributes:
        profiles: (bands, width), zero outside.
        weights: (bands, width), share of the strip that lies in the picture.
        middle_px: (bands,), the strip's row in the view.
        height_px: of one strip.
    """

    profiles: Array
    weights: Array
    middle_px: Array
    height_px: int

    @cached_property
    def spectrum(self) -> Waves:
        """Strength and phase of every rhythm in each strip, about the middle column; (frequencies, bands).

        Made once a view: the search for a comb asks for some thousand rhythms.
        """
        count, width = self.profiles.shape
        size = int(2 ** np.ceil(np.log2(_SPECTRUM_FINENESS * width)))
        around_middle = np.zeros((count, size))
        around_middle[:, : width - width // 2] = self.profiles[:, width // 2 :]
        around_middle[:, size - width // 2 :] = self.profiles[:, : width // 2]
        return np.ascontiguousarray(np.fft.rfft(around_middle, axis=1).T)


@dataclass(frozen=True)
class Comb:
    """Where a comb of upright lines may stand.

    Attributes:
        pitch_px: along x.
        lean: change of x a row.
        first_px: x of line 0 in row 0.
        rows: slice of the bands that hold the lines.
    """

    pitch_px: float
    lean: float
    first_px: float
    rows: slice


def strips(view: UprightDetail) -> Strips:
    """The view as strips."""
    height, width = view.detail.shape
    band = max(_MIN_BAND_PX, height // _BANDS)
    count = height // band
    shape = (count, band, width)
    inside = view.is_inside[: count * band].reshape(shape)
    share = inside.mean(axis=1)
    total = view.detail[: count * band].reshape(shape).sum(axis=1, dtype=np.float64)
    means = np.divide(total, inside.sum(axis=1), out=np.zeros((count, width)), where=share > 0.5)
    weights = np.where(share > 0.5, share, 0.0)
    means = _without_trend(means, weights)
    return Strips(means * (weights > 0), weights, np.arange(count) * band + (band - 1) / 2, band)


def pitch_candidates(bands: Strips) -> list[float]:
    """Distances at which the picture repeats, smallest first, with the fractions that long marks would hide."""
    width = bands.profiles.shape[1]
    size = int(2 ** np.ceil(np.log2(2 * width)))
    power = (np.abs(np.fft.rfft(bands.profiles, size)) ** 2).sum(axis=0)
    overlap = (np.abs(np.fft.rfft((bands.weights > 0).astype(np.float64), size)) ** 2).sum(axis=0)
    furthest = width // (MIN_LINES - 1) + 1
    repeats = np.fft.irfft(power)[: furthest + 2] / np.maximum(np.fft.irfft(overlap)[: furthest + 2], 1.0)
    if repeats[0] <= 0:
        return []
    lags = np.arange(1, len(repeats) - 1)
    is_peak = (repeats[1:-1] > repeats[:-2]) & (repeats[1:-1] >= repeats[2:])
    strong = [lag for lag in lags[is_peak] if repeats[lag] > _PEAK_SHARE * repeats[0] and lag >= MIN_PITCH_PX - 0.5]
    strong.sort(key=lambda lag: -repeats[lag])
    found = [_peak(repeats, lag) / part for lag in strong[:_MOST_PEAKS] for part in _FRACTIONS]
    return _distinct(sorted(pitch for pitch in found if pitch >= MIN_PITCH_PX))


def fit_comb(bands: Strips, pitch_px: float) -> Comb | None:
    """The comb near a pitch whose lines lean little and agree in phase; None where the strips do not share one."""
    pitch, lean = _best_phase(bands, pitch_px)
    waves = _waves(bands, pitch, lean)
    norms = np.sqrt((bands.profiles**2).sum(axis=1) * np.maximum(bands.weights.sum(axis=1), 1.0)) + 1e-12
    total = waves.sum()
    if abs(total) == 0:
        return None
    agreeing = np.real(waves * np.conj(total) / abs(total))
    rows = _strongest_run(agreeing, norms)
    if rows is None:
        return None
    phase = float(np.angle(waves[rows].sum()))
    return Comb(pitch, lean, (-phase / (2 * np.pi) * pitch) % pitch, rows)


def _without_trend(means: Array, weights: Array) -> Array:
    """Each strip less its own mean: a baseline along the graduations is no rhythm."""
    mean = (means * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
    return np.asarray(means - mean[:, None])


def _peak(values: Array, at: int) -> float:
    left, middle, right = values[at - 1], values[at], values[at + 1]
    bend = left - 2 * middle + right
    return float(at + (0.5 * (left - right) / bend if bend < 0 else 0.0))


def _distinct(pitches: list[float]) -> list[float]:
    kept: list[float] = []
    for pitch in pitches:
        if not kept or pitch > kept[-1] * 1.03 + 0.1:
            kept.append(pitch)
    return kept


def _waves(bands: Strips, pitch_px: float, lean: float) -> Waves:
    """Strength and phase of the rhythm in each strip, as if it did not lean."""
    x = np.arange(bands.profiles.shape[1])
    # Not `@`: its threads cost a small busy machine far more than so short a product.
    waves = np.einsum("bx,x->b", bands.profiles, np.exp(-2j * np.pi * x / pitch_px))
    return np.asarray(waves * np.exp(2j * np.pi * lean * bands.middle_px / pitch_px))


def _best_phase(bands: Strips, pitch_px: float) -> tuple[float, float]:
    """Pitch and lean that make the strips agree best in the first harmonics, by rounds over a narrowing grid."""
    width = bands.profiles.shape[1]
    reach = min(0.04 * pitch_px, 0.8 * pitch_px**2 / width) + 0.15
    lean_reach, lean, pitch = 0.03, 0.0, pitch_px
    for _ in range(3):
        pitches = np.linspace(pitch - reach, pitch + reach, 17)
        leans = np.linspace(lean - lean_reach, lean + lean_reach, 17)
        strength = _agreement(bands, pitches, leans, min(_MOST_HARMONICS, int(pitch_px / MIN_PITCH_PX)))
        best = np.unravel_index(int(strength.argmax()), strength.shape)
        pitch, lean = float(pitches[best[0]]), float(leans[best[1]])
        reach, lean_reach = reach / 5, lean_reach / 5
    return pitch, lean


def _agreement(bands: Strips, pitches: Array, leans: Array, harmonics: int) -> Array:
    """Strength of all strips together in the first harmonics for every pitch and lean; (pitches, leans)."""
    shear = _shear(bands, pitches, leans)
    strength = np.zeros((len(pitches), len(leans)))
    turns = np.ones_like(shear)
    for order in range(1, harmonics + 1):
        turns *= shear
        strength += np.abs(np.einsum("pb,plb->pl", _rhythms(bands, order / pitches), turns))
    return strength


def _shear(bands: Strips, pitches: Array, leans: Array) -> Waves:
    """Turn of phase from the first strip to each that undoes a lean, in the first harmonic; (pitches, leans, bands)."""
    step = np.exp(2j * np.pi * leans[None, :] * bands.height_px / pitches[:, None])
    turns = np.repeat(step[:, :, None], len(bands.middle_px), axis=2)
    turns[:, :, 0] = 1.0
    return np.asarray(np.cumprod(turns, axis=2))


def _rhythms(bands: Strips, per_px: Array) -> Waves:
    """The spectrum at any frequencies; (frequencies, bands)."""
    at = per_px * 2 * (len(bands.spectrum) - 1)
    below = at.astype(np.int64)
    share = (at - below)[:, None]
    return np.asarray((1.0 - share) * bands.spectrum[below] + share * bands.spectrum[below + 1])


def _strongest_run(agreeing: Array, norms: Array) -> slice | None:
    """The neighbouring strips around the strongest that share its rhythm."""
    top = float(np.sort(agreeing)[-max(2, len(agreeing) // 20) :].mean())
    if top <= 0:
        return None
    is_in = (agreeing > 0.4 * top) & (agreeing / norms > 0.08)
    at = int(np.where(is_in, agreeing, -1.0).argmax())
    if not is_in[at]:
        return None
    first = last = at
    while first > 0 and is_in[max(0, first - 2) : first].any():
        first -= 1
    while last < len(is_in) - 1 and is_in[last + 1 : last + 3].any():
        last += 1
    return slice(first, last + 1)
