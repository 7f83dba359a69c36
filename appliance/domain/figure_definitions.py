"""The one table of what every figure of an exam means; pages, report and exports read it."""

from collections.abc import Mapping

from appliance.domain import sources
from appliance.domain.exam_figures import FigureDefinition

_D = FigureDefinition

DEFINITIONS: Mapping[str, FigureDefinition] = {
    definition.key: definition
    for definition in (
        _D("density_per_mm", "/mm", 1, sources.EULAR_2020),
        _D("density_band", "", 0, sources.DENSITY_BANDS),
        _D("evaluable_mm", "mm", 2, sources.SCALE),
        _D("capillaries_distal", "1", 0, sources.HOFSTEE_2009),
        _D("capillaries_total", "1", 0, sources.DETECTOR),
        _D("mean_apical_um", "um", 1, sources.EULAR_2020),
        _D("median_apical_um", "um", 1, sources.EULAR_2020),
        _D("largest_width_um", "um", 1, sources.EULAR_2020),
        _D("share_enlarged", "%", 0, sources.EULAR_2020),
        _D("giants", "1", 0, sources.EULAR_2020),
        _D("tortuous", "1", 0, sources.EULAR_2020),
        _D("ramified", "1", 0, sources.EULAR_2020),
        _D("haemorrhages", "1", 0, sources.EULAR_2020),
        _D("grey_zone_20_um", "1", 0, sources.WIDTH_ERROR),
        _D("grey_zone_50_um", "1", 0, sources.WIDTH_ERROR),
        _D("score_loss", "1", 1, sources.SEMIQUANTITATIVE),
        _D("score_enlarged", "1", 1, sources.SEMIQUANTITATIVE),
        _D("score_giants", "1", 1, sources.SEMIQUANTITATIVE),
        _D("score_haemorrhages", "1", 1, sources.SEMIQUANTITATIVE),
        _D("score_ramified", "1", 1, sources.SEMIQUANTITATIVE),
        _D("fast_track", "", 0, sources.FAST_TRACK_2019),
        _D("sub_pattern", "", 0, sources.CUTOLO_PATTERN),
        _D("fingers_evaluable", "1", 0, sources.STATION),
        _D("images_evaluable", "1", 0, sources.STATION),
        _D("score_disorganisation", "1", 1, sources.SEMIQUANTITATIVE),
        _D("mes", "1", 1, sources.MES_2008),
        _D("csuri", "1", 2, sources.CSURI_2009),
        _D("nemo", "1", 0, sources.NEMO),
    )
}
"""By key, in the order in which figures are listed."""

EXAM_ONLY = frozenset({"fingers_evaluable", "score_disorganisation", "mes", "csuri", "nemo"})
"""Keys that only a whole exam has."""

NOT_OF_IMAGES = EXAM_ONLY | {"images_evaluable", "sub_pattern"}
"""Keys that a single image has not."""
