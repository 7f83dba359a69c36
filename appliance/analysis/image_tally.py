"""What the figures need of one reviewed image."""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.analysis.possible_giants import possible_giants
from appliance.analysis.size import ENLARGED_FROM_UM, GIANT_ABOVE_UM
from appliance.analysis.uncertainty import Z_95, Width
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.bands import DENSITY, DILATED
from appliance.domain.detection import Morphology, Row, SizeClass
from appliance.domain.exam import Placement
from appliance.domain.measurement import Capillary
from appliance.domain.review import ReviewedImage


@dataclass(frozen=True)
class ImageTally:
    """Counts and widths of one image; counts are over all rows where nothing else is said.

    Attributes:
        image_id, placement: which image.
        image_width_mm: of the whole frame; None without a scale.
        um_per_px, scale_share: scale and its relative standard deviation (0 where the calibration states none).
        total, distal: loops.
        distal_enlarged, distal_giants, distal_ramified: of the distal row alone.
        distal_dilated: distal loops of 30 to 50 um at their widest measured point.
        enlarged: loops of enlarged calibre that are no giants.
        enlarged_in_grey_zone: those of them within a pixel of 20 um.
        giants: loops of giant calibre or giant shape that count as giants by the exam's rule.
        possible_giants, distal_possible_giants: those of them that the machine alone found and is not sure of; they
            count in no score and no category.
        giants_in_grey_zone: those of them within a pixel of 50 um.
        ramified_giants: those of them that are ramified.
        ramified_giants_aside: ramified loops above 50 um that do not count as giants by the exam's rule.
        counts_ramified_giants: the exam's rule.
        tortuous, ramified, haemorrhages: counts.
        near_20_um, near_50_um: loops within a pixel of the cut.
        nearly_giant: loops within a pixel of 50 um that are no giants and would count as one.
        row_mm, density_missing_because: of the distal row; the reason is None where density was measured.
        density_per_mm: as the picture's own result states it.
        apical: calibrated apical widths of the distal row.
        largest: the largest calibrated width of any loop; None without one.
    """

    image_id: str
    placement: Placement
    image_width_mm: float | None
    um_per_px: float | None
    scale_share: float
    total: int
    distal: int
    distal_enlarged: int
    distal_giants: int
    distal_ramified: int
    distal_dilated: int
    enlarged: int
    enlarged_in_grey_zone: int
    giants: int
    possible_giants: int
    distal_possible_giants: int
    giants_in_grey_zone: int
    ramified_giants: int
    ramified_giants_aside: int
    counts_ramified_giants: bool
    tortuous: int
    ramified: int
    haemorrhages: int
    near_20_um: int
    near_50_um: int
    nearly_giant: int
    row_mm: float | None
    density_per_mm: float | None
    density_missing_because: str | None
    apical: tuple[Width, ...]
    largest: Width | None

    @property
    def sure_giants(self) -> int:
        """The giants that scores and categories count."""
        return self.giants - self.possible_giants


def tally(reviewed: ReviewedImage) -> ImageTally:
    """The counts of one image as reviewed, whether or not it counts."""
    analysed = reviewed.analysis
    loops, metrics, scale = analysed.capillaries, analysed.metrics, analysed.um_per_px
    distal = [loop for loop in loops if loop.row is Row.DISTAL]
    share = scale_share(analysed)
    widest = [loop.widest_um for loop in loops]
    known = [width for width in widest if width is not None]
    possible = [loops[at] for at in possible_giants(reviewed)]
    giants = [width for loop, width in zip(loops, widest, strict=True) if reviewed.is_giant(loop)]
    ramified_giants = sum(loop.is_giant and loop.morphology is Morphology.RAMIFIED for loop in loops)
    counts_ramified = reviewed.counts_ramified_giants
    return ImageTally(
        image_id=reviewed.image.image_id,
        placement=reviewed.image.placement,
        image_width_mm=None if scale is None else analysed.width_px * scale / 1000,
        um_per_px=scale,
        scale_share=share,
        total=len(loops),
        distal=len(distal),
        distal_enlarged=sum(_is_enlarged(loop) for loop in distal),
        distal_giants=sum(reviewed.is_giant(loop) for loop in distal),
        distal_ramified=_shaped(distal, Morphology.RAMIFIED),
        distal_dilated=sum(_is_dilated(loop) for loop in distal),
        enlarged=sum(_is_enlarged(loop) for loop in loops),
        enlarged_in_grey_zone=sum(
            _is_enlarged(loop) and _is_near(width, ENLARGED_FROM_UM, scale)
            for loop, width in zip(loops, widest, strict=True)
        ),
        giants=len(giants),
        possible_giants=len(possible),
        distal_possible_giants=sum(loop.row is Row.DISTAL for loop in possible),
        giants_in_grey_zone=sum(_is_near(width, GIANT_ABOVE_UM, scale) for width in giants),
        ramified_giants=ramified_giants if counts_ramified else 0,
        ramified_giants_aside=0 if counts_ramified else ramified_giants,
        counts_ramified_giants=counts_ramified,
        tortuous=_shaped(loops, Morphology.TORTUOUS),
        ramified=_shaped(loops, Morphology.RAMIFIED),
        haemorrhages=len(analysed.haemorrhages),
        near_20_um=sum(_is_near(width, ENLARGED_FROM_UM, scale) for width in widest),
        near_50_um=sum(_is_near(width, GIANT_ABOVE_UM, scale) for width in widest),
        nearly_giant=sum(
            _is_near(width, GIANT_ABOVE_UM, scale) and not loop.is_giant and _could_count(loop, counts_ramified)
            for loop, width in zip(loops, widest, strict=True)
        ),
        row_mm=metrics.distal_row_mm,
        density_per_mm=None if metrics.density_per_mm is None else DENSITY.written(metrics.density_per_mm),
        density_missing_because=metrics.density_unmeasurable_because,
        apical=tuple(
            Width(loop.apical.um, scale, share)
            for loop in distal
            if scale is not None and loop.apical is not None and loop.apical.um is not None
        ),
        largest=Width(max(known), scale, share) if known and scale is not None else None,
    )


def scale_share(analysed: ImageAnalysis) -> float:
    """Relative standard deviation of an image's scale; 0 where nobody stated one."""
    scale, half_interval = analysed.um_per_px, analysed.um_per_px_uncertainty
    return 0.0 if not scale or half_interval is None else half_interval / Z_95 / scale


def _could_count(loop: Capillary, counts_ramified: bool) -> bool:
    return counts_ramified or loop.morphology is not Morphology.RAMIFIED


def _is_enlarged(loop: Capillary) -> bool:
    return loop.size is SizeClass.ENLARGED and not loop.is_giant


def _is_dilated(loop: Capillary) -> bool:
    if loop.widest_um is None or loop.is_giant:
        return False
    return DILATED.name(DILATED.written(loop.widest_um)) == "dilated"


def _shaped(loops: Sequence[Capillary], morphology: Morphology) -> int:
    return sum(loop.morphology is morphology for loop in loops)


def _is_near(width_um: float | None, cut_um: float, um_per_px: float | None) -> bool:
    return width_um is not None and um_per_px is not None and abs(width_um - cut_um) < um_per_px
