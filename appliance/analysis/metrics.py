"""The figures of one image, counted from its capillaries."""

from collections.abc import Sequence

from appliance.analysis.density import RowDensity
from appliance.domain.detection import Morphology, Row, SizeClass
from appliance.domain.measurement import Capillary
from appliance.domain.metrics import ImageMetrics


def count_metrics(capillaries: Sequence[Capillary], haemorrhages: int, density: RowDensity) -> ImageMetrics:
    """What is counted and computed in one image.

    The mean apical diameter is over the distal row alone, the row that EULAR's standard measures; the largest width and
    all counts are over every capillary, because a giant matters wherever it lies.
    """
    shapes = [capillary.morphology for capillary in capillaries]
    sizes = [capillary.size for capillary in capillaries]
    distal = [capillary for capillary in capillaries if capillary.row is Row.DISTAL]
    apical_um = [one.apical.um for one in distal if one.apical is not None and one.apical.um is not None]
    widest_um = [widest for one in capillaries if (widest := one.widest_um) is not None]
    return ImageMetrics(
        capillaries_total=len(capillaries),
        capillaries_distal=len(distal),
        distal_row_mm=density.row_mm,
        density_per_mm=density.per_mm,
        density_unmeasurable_because=density.unmeasurable_because,
        mean_apical_um=sum(apical_um) / len(apical_um) if apical_um else None,
        largest_width_um=max(widest_um, default=None),
        normal=shapes.count(Morphology.NORMAL),
        tortuous=shapes.count(Morphology.TORTUOUS),
        ramified=shapes.count(Morphology.RAMIFIED),
        giant=shapes.count(Morphology.GIANT),
        size_normal=sizes.count(SizeClass.NORMAL),
        size_enlarged=sizes.count(SizeClass.ENLARGED),
        size_giant=sizes.count(SizeClass.GIANT),
        haemorrhages=haemorrhages,
    )
