"""Results of pictures that nobody took: patients whose figures look like a clinic's."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.analysis.density import NOT_EVALUABLE, RowDensity
from appliance.analysis.metrics import count_metrics
from appliance.analysis.size import classify_width
from appliance.domain.analysis_result import EngineIdentity, ImageAnalysis
from appliance.domain.detection import BoundingBox, HaemorrhageDetection, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.quality import FrameQuality, QualityReason

WIDTH_PX, HEIGHT_PX = 640, 480
UM_PER_PX = 1.41
CALIBRATION_ID = "simulated-220x"
_ROW_MM = WIDTH_PX * UM_PER_PX / 1000
_NOT_EVALUABLE = 0.07
_APEX_UNSEEN = 0.12
_SPREAD = 0.16  # of the logarithm of widths within a patient
_REASONS = (QualityReason.OUT_OF_FOCUS, QualityReason.MOTION, QualityReason.GLARE)


@dataclass(frozen=True)
class Nailfold:
    """What a patient's pictures have in common: loops a millimetre, apical width, and shares of shapes."""

    density_per_mm: float
    apical_um: float
    giant: float
    ramified: float
    haemorrhage: float


# Healthy and Raynaud's alone, then early, active and late scleroderma pattern, as Cutolo describes them
# (doi 10.1016/j.autrev.2020.102458); the numbers are made up within those descriptions, and so is how often each comes.
_KINDS = (
    (0.62, Nailfold(8.6, 14.0, 0.0, 0.01, 0.02)),
    (0.16, Nailfold(7.2, 21.0, 0.04, 0.01, 0.2)),
    (0.14, Nailfold(5.2, 30.0, 0.18, 0.04, 0.6)),
    (0.08, Nailfold(2.9, 24.0, 0.03, 0.3, 0.1)),
)


def any_nailfold(chance: random.Random) -> Nailfold:
    """A patient's, with a spread of its own."""
    (kind,) = chance.choices([kind for _, kind in _KINDS], [share for share, _ in _KINDS])
    return replace(
        kind,
        density_per_mm=max(1.0, kind.density_per_mm * chance.lognormvariate(0.0, 0.08)),
        apical_um=kind.apical_um * chance.lognormvariate(0.0, 0.08),
    )


@dataclass(frozen=True)
class Engine:
    """How the networks measure; `drift` is 0 as validated, 1: widths 18 % too wide and scores that much less sure."""

    identity: EngineIdentity
    drift: float = 0.0


def analyse(nailfold: Nailfold, engine: Engine, captured_at_utc: datetime, chance: random.Random) -> ImageAnalysis:
    """The result of one picture of that nailfold."""
    is_evaluable = chance.random() >= _NOT_EVALUABLE * (1 + 2 * engine.drift)
    loops = tuple(_loop(nailfold, engine, place, chance) for place in _places(nailfold, chance))
    spots = tuple(_spot(chance) for _ in range(int(chance.random() < nailfold.haemorrhage)))
    return measured(
        ImageAnalysis(
            captured_at_utc=captured_at_utc,
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            um_per_px=UM_PER_PX,
            calibration_id=CALIBRATION_ID,
            quality=_quality(is_evaluable, chance),
            capillaries=tuple(sorted(loops, key=lambda one: -one.score)),
            haemorrhages=spots,
            metrics=count_metrics((), 0, RowDensity(None, None, NOT_EVALUABLE)),
            identity=engine.identity,
        )
    )


def measured(analysis: ImageAnalysis) -> ImageAnalysis:
    """The same with the figures of what it has found."""
    distal = len([one for one in analysis.capillaries if one.row is Row.DISTAL])
    density = RowDensity(_ROW_MM, distal / _ROW_MM, None)
    if not (distal and analysis.quality.is_evaluable):
        density = RowDensity(_ROW_MM, None, NOT_EVALUABLE)
    return replace(analysis, metrics=count_metrics(analysis.capillaries, len(analysis.haemorrhages), density))


def review(analysis: ImageAnalysis, chance: random.Random) -> ImageAnalysis:
    """What a physician makes of it: one loop is none, or one width is dragged to where it belongs."""
    if not analysis.capillaries:
        return analysis
    at = chance.randrange(len(analysis.capillaries))
    loop, others = analysis.capillaries[at], (*analysis.capillaries[:at], *analysis.capillaries[at + 1 :])
    if chance.random() < 0.5 or loop.apical is None:
        return measured(replace(analysis, capillaries=others))
    dragged = replace(loop, apical=_width(loop.apical.px * UM_PER_PX * chance.uniform(0.8, 0.95), loop.bbox))
    return measured(
        replace(analysis, capillaries=(*analysis.capillaries[:at], dragged, *analysis.capillaries[at + 1 :]))
    )


def pauses(captured: int) -> timedelta:
    """When the picture of that number is taken, after the first."""
    return timedelta(seconds=25 * captured)


def _places(nailfold: Nailfold, chance: random.Random) -> list[float]:
    count = max(1, round(nailfold.density_per_mm * _ROW_MM + chance.gauss(0.0, 0.7)))
    pitch = WIDTH_PX / count
    return [pitch * (number + 0.5) + chance.uniform(-0.2, 0.2) * pitch for number in range(count)]


def _loop(nailfold: Nailfold, engine: Engine, x_px: float, chance: random.Random) -> Capillary:
    is_giant, is_ramified = chance.random() < nailfold.giant, chance.random() < nailfold.ramified
    true_um = chance.uniform(52.0, 90.0) if is_giant else nailfold.apical_um * chance.lognormvariate(0.0, _SPREAD)
    box = BoundingBox(max(0.0, x_px - 20.0), chance.uniform(180.0, 240.0), 40.0, chance.uniform(90.0, 150.0))
    apical = None if chance.random() < _APEX_UNSEEN else _width(true_um * (1 + 0.18 * engine.drift), box)
    widest_um = None if apical is None else apical.um
    size = SizeClass.NORMAL if widest_um is None else classify_width(widest_um)
    shape = Morphology.RAMIFIED if is_ramified else Morphology.TORTUOUS if chance.random() < 0.06 else Morphology.NORMAL
    return Capillary(
        bbox=box,
        score=min(0.999, max(0.3, chance.betavariate(14.0 - 6.0 * engine.drift, 2.2))),
        track_id=None,
        row=Row.DISTAL,
        morphology=Morphology.GIANT if size is SizeClass.GIANT and not is_ramified else shape,
        size=size,
        size_basis=SizeBasis.APPEARANCE if widest_um is None else SizeBasis.MEASURED,
        apex_px=None if apical is None else (x_px, box.y + 4.0),
        apical=apical,
        arterial=None,
        venous=None,
    )


def _width(um: float, box: BoundingBox) -> MeasuredWidth:
    px, x_px = um / UM_PER_PX, box.x + box.w / 2
    return MeasuredWidth(WidthSegment((x_px, box.y + 4.0), (x_px, box.y + 4.0 + px)), px, um)


def _quality(is_evaluable: bool, chance: random.Random) -> FrameQuality:
    reasons = () if is_evaluable else (chance.choice(_REASONS),)
    return FrameQuality(is_evaluable, reasons, chance.uniform(0.5, 0.95), chance.uniform(0.0, 0.02), None, 0.5)


def _spot(chance: random.Random) -> HaemorrhageDetection:
    return HaemorrhageDetection(BoundingBox(chance.uniform(0, 500), 60.0, 30.0, 12.0), chance.uniform(0.5, 0.9))
