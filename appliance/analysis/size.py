"""Calibre class and final shape of a loop from its widths, falling back to appearance where widths are missing."""

from appliance.analysis.measure import MeasuredLoop
from appliance.domain.bands import CALIBRE
from appliance.domain.detection import Morphology, SizeBasis, SizeClass
from appliance.domain.measurement import Capillary

ENLARGED_FROM_UM, GIANT_ABOVE_UM = (cut.value for cut in CALIBRE.cuts)
"""The cuts of calibre by the table of bands, apex and limbs alike."""

WRITTEN_DECIMALS_UM = CALIBRE.decimals
"""Decimals of a width in micrometres in the result document."""

SURE_GIANT_FROM_SCORE = 0.94
"""From this score on a giant that the machine alone found counts in scores and categories. The score is the probability
that a loop is there; a single giant makes a scleroderma pattern, and what looked like a giant where there was no loop
had less (docs/decisions, possible giants)."""

_NAMED = {size.value: size for size in SizeClass}
_RANK = {SizeClass.NORMAL: 0, SizeClass.ENLARGED: 1, SizeClass.GIANT: 2}


def classify_width(width_um: float) -> SizeClass:
    """The calibre class of a loop whose widest column is `width_um` micrometres, as a document writes it."""
    return _NAMED[CALIBRE.name(CALIBRE.written(width_um))]


def is_near_cut(width_um: float, um_per_px: float) -> bool:
    """Whether a width lies within one pixel of a cut, so that its class may be the other one.

    One pixel is what the best published systems miss a width by on average (0.85 to 1.67 px: ANFC 2023, NFCMTL 2025).
    """
    return min(abs(width_um - ENLARGED_FROM_UM), abs(width_um - GIANT_ABOVE_UM)) < um_per_px


def is_size_near_cut(capillary: Capillary, um_per_px: float | None) -> bool:
    """Whether the measured calibre of a capillary may be the next class; False where it was judged by appearance.

    Decided by the width as it is written, so that readers of a document come to the answer that stands in it.
    """
    widest_um = capillary.widest_um
    if um_per_px is None or widest_um is None or capillary.size_basis is SizeBasis.APPEARANCE:
        return False
    return is_near_cut(round(widest_um, WRITTEN_DECIMALS_UM), um_per_px)


def is_possible_giant(capillary: Capillary, is_judged: bool) -> bool:
    """Whether a loop that no person judged is a giant of which the detector is not sure enough to let it count."""
    return not is_judged and capillary.is_giant and capillary.score < SURE_GIANT_FROM_SCORE


def classify_size(loop: MeasuredLoop) -> tuple[SizeClass, SizeBasis]:
    """The class of the widest calibrated width, and whether measurement or appearance decided.

    The apical width decides for the limbs too, being the diameter that the EULAR standard reports. Where only limbs are
    measurable the loop may be wider at its unseen apex, so they can raise the class seen by the size head, never lower
    it.
    """
    by_appearance = loop.detection.size_by_appearance
    widest_um = max([width.um for width in loop.widths if width.um is not None], default=None)
    if widest_um is None:
        return by_appearance, SizeBasis.APPEARANCE
    measured = classify_width(widest_um)
    if loop.apical is not None or measured is by_appearance or _RANK[measured] >= _RANK[by_appearance]:
        return measured, SizeBasis.MEASURED
    return by_appearance, SizeBasis.APPEARANCE


def settle_morphology(shape: Morphology, size: SizeClass, basis: SizeBasis) -> Morphology:
    """The shape after the widths have spoken: giant exactly where a giant was measured, except on a ramified loop.

    A measured giant is a giant whatever the detector called a smooth loop. A loop that the detector took for a giant
    but whose apex measures 50 um or less is not one: giant is a matter of micrometres and a single giant changes the
    pattern, so the measurement has the last word; what is left is a plain enlarged or normal hairpin. A ramified loop
    stays ramified, because its branching would be lost (it is neoangiogenesis, a finding of its own); its calibre is
    still counted by its size. Without a measurement the detector's shape stands.
    """
    if basis is SizeBasis.APPEARANCE or shape is Morphology.RAMIFIED:
        return shape
    if size is SizeClass.GIANT:
        return Morphology.GIANT
    return Morphology.NORMAL if shape is Morphology.GIANT else shape
