"""The one table of what is measured, counted and scored; live view, pages, report, API, exports and schemas read it.

A new figure is one line here, its computation (`analysis/group_figures.py`; of a live one a field of ImageMetrics and
`analysis/metrics.py`, then `make schemas`) and its words (`appliance/texts/figures.json`). The standard report prints
those that its form names (`exports/report/standard/form.toml`).
"""

from collections.abc import Mapping
from dataclasses import fields

from appliance.domain import sources
from appliance.domain.bands import LOSS_INDEX
from appliance.domain.figure_definition import Extent, FigureDefinition, Kind, Measured, Place
from appliance.domain.metrics import EXTREMELY_LOWERED_UP_TO_PER_MM, NORMAL_FROM_PER_MM, ImageMetrics

_D = FigureDefinition
_LIVE, _SHAPE, _REVIEW, _PICTURES = Place.LIVE_READINGS, Place.LIVE_SHAPES, Place.REVIEW_PANEL, Place.PICTURE_COLUMNS
_CARD, _FINGERS, _PATIENT = Place.EXAM_CARDS, Place.FINGER_COLUMNS, Place.PATIENT_COLUMNS
_PLOT, _CHANGE = Place.TREND_PLOTS, Place.REPORT_CHANGES

METRICS: Mapping[str, FigureDefinition] = {
    definition.key: definition
    for definition in (
        _D(
            "density_per_mm",
            "/mm",
            1,
            sources.EULAR_2020,
            Kind.DENSITY,
            measured=Measured("Distal loops per millimetre of the distal row; null with the reason beside it.", 2),
            places=(_LIVE, _REVIEW, _PICTURES, _CARD, _FINGERS, _PATIENT, _PLOT, _CHANGE),
            cuts=(EXTREMELY_LOWERED_UP_TO_PER_MM, NORMAL_FROM_PER_MM),
        ),
        _D("density_band", "", 0, sources.DENSITY_BANDS, Kind.CATEGORY),
        _D("evaluable_mm", "mm", 2, sources.SCALE, Kind.LENGTH, places=(_FINGERS,)),
        _D(
            "capillaries_distal",
            "1",
            0,
            sources.HOFSTEE_2009,
            measured=Measured("Loops in the distal row that count by the edge rule."),
            places=(_LIVE, _REVIEW, _PICTURES),
        ),
        _D(
            "capillaries_total",
            "1",
            0,
            sources.DETECTOR,
            measured=Measured("Loops in the image."),
            places=(_PICTURES,),
        ),
        _D(
            "distal_row_mm",
            "mm",
            2,
            sources.SCALE,
            Kind.LENGTH,
            extent=None,
            measured=Measured(
                "Length of the distal row inside the image in millimetres; null without a calibration or a row.", 3
            ),
            places=(_LIVE, _PICTURES),
        ),
        _D(
            "mean_apical_um",
            "um",
            1,
            sources.EULAR_2020,
            Kind.LENGTH,
            measured=Measured(
                "Mean apical width over the distal row in micrometres; null where none is calibrated.", 2, False
            ),
            places=(_LIVE, _REVIEW, _PICTURES, _CARD, _FINGERS, _PATIENT, _PLOT, _CHANGE),
        ),
        _D("median_apical_um", "um", 1, sources.EULAR_2020, Kind.LENGTH, places=(_FINGERS,)),
        _D(
            "largest_width_um",
            "um",
            1,
            sources.EULAR_2020,
            Kind.LENGTH,
            measured=Measured(
                "Widest column of any loop in micrometres; null where none is calibrated.", 2, can_be_zero=False
            ),
            places=(_LIVE, _REVIEW, _PICTURES, _CARD, _FINGERS, _CHANGE),
        ),
        _D("share_enlarged", "%", 0, sources.EULAR_2020, Kind.SHARE, places=(_FINGERS, _CHANGE)),
        _D("giants", "1", 0, sources.EULAR_2020, places=(_CARD, _FINGERS, _PATIENT, _PLOT, _CHANGE)),
        _D(
            "normal",
            "1",
            0,
            sources.EULAR_2020,
            extent=None,
            measured=Measured("Loops of normal shape."),
            places=(_SHAPE,),
        ),
        _D(
            "tortuous",
            "1",
            0,
            sources.EULAR_2020,
            measured=Measured("Tortuous loops."),
            places=(_SHAPE, _REVIEW, _PICTURES, _FINGERS),
        ),
        _D(
            "ramified",
            "1",
            0,
            sources.EULAR_2020,
            measured=Measured("Ramified loops, of whatever calibre."),
            places=(_SHAPE, _REVIEW, _PICTURES, _CARD, _FINGERS),
        ),
        _D(
            "giant",
            "1",
            0,
            sources.EULAR_2020,
            extent=None,
            measured=Measured(
                "Giant loops by shape; a ramified giant is counted under ramified here and under size_giant."
            ),
            places=(_SHAPE, _REVIEW, _PICTURES),
        ),
        _D(
            "size_normal",
            "1",
            0,
            sources.EULAR_2020,
            extent=None,
            measured=Measured("Loops of normal calibre."),
        ),
        _D(
            "size_enlarged",
            "1",
            0,
            sources.EULAR_2020,
            extent=None,
            measured=Measured("Loops of enlarged calibre."),
            places=(_LIVE, _REVIEW, _PICTURES),
        ),
        _D(
            "size_giant",
            "1",
            0,
            sources.EULAR_2020,
            extent=None,
            measured=Measured("Loops of giant calibre, of whatever shape."),
        ),
        _D(
            "haemorrhages",
            "1",
            0,
            sources.EULAR_2020,
            measured=Measured("Microhaemorrhages."),
            places=(_LIVE, _REVIEW, _PICTURES, _CARD, _FINGERS, _PATIENT, _PLOT, _CHANGE),
        ),
        _D("grey_zone_20_um", "1", 0, sources.WIDTH_ERROR),
        _D("grey_zone_50_um", "1", 0, sources.WIDTH_ERROR),
        _D("dilated_per_mm", "/mm", 1, sources.PACINI_2022, Kind.DENSITY, Extent.STILL),
        _D("score_loss", "1", 1, sources.SEMIQUANTITATIVE, Kind.SCORE, Extent.STILL, places=(_FINGERS,)),
        _D("score_enlarged", "1", 1, sources.SEMIQUANTITATIVE, Kind.SCORE, Extent.STILL),
        _D("score_giants", "1", 1, sources.SEMIQUANTITATIVE, Kind.SCORE, Extent.STILL),
        _D("score_haemorrhages", "1", 1, sources.SEMIQUANTITATIVE, Kind.SCORE, Extent.STILL),
        _D("score_ramified", "1", 1, sources.SEMIQUANTITATIVE, Kind.SCORE, Extent.STILL),
        _D("fast_track", "", 0, sources.FAST_TRACK_2019, Kind.CATEGORY, Extent.STILL, places=(_CARD, _PATIENT)),
        _D("sub_pattern", "", 0, sources.CUTOLO_PATTERN, Kind.CATEGORY, Extent.STILL, places=(_CARD,)),
        _D("fingers_evaluable", "1", 0, sources.STATION, extent=Extent.EXAM),
        _D("images_evaluable", "1", 0, sources.STATION, extent=Extent.FINGER, places=(_FINGERS,)),
        _D("score_disorganisation", "1", 1, sources.SEMIQUANTITATIVE, Kind.SCORE, Extent.EXAM),
        _D("mes", "1", 1, sources.MES_2008, Kind.SCORE, Extent.EXAM, places=(_CARD,)),
        _D(
            "loss_index",
            "1",
            2,
            sources.LOSS_INDEX_2011,
            Kind.SCORE,
            Extent.EXAM,
            places=(_CARD,),
            cuts=(LOSS_INDEX.cuts[0].value,),
        ),
        _D("csuri", "1", 2, sources.CSURI_2009, Kind.SCORE, Extent.EXAM, places=(_CARD,)),
        _D("nemo", "1", 0, sources.NEMO, Kind.SCORE, Extent.EXAM, places=(_CARD,)),
    )
}
"""Everything, by key, in the order in which figures are listed."""

DEFINITIONS: Mapping[str, FigureDefinition] = {key: one for key, one in METRICS.items() if one.extent is not None}
"""The figures of an exam."""

EXAM_ONLY = frozenset(key for key, one in DEFINITIONS.items() if one.extent is Extent.EXAM)
"""Keys that only a whole exam has."""

MEASURED = tuple(METRICS[field.name] for field in fields(ImageMetrics) if field.name in METRICS)
"""What the result of one image holds, in the order of its fields."""

_LEADING: Mapping[Place, tuple[str, ...]] = {
    _CARD: ("fast_track", "sub_pattern", "density_per_mm", "giants"),
    _LIVE: ("density_per_mm", "distal_row_mm", "capillaries_distal", "haemorrhages"),
    _REVIEW: ("density_per_mm", "capillaries_distal", "mean_apical_um", "largest_width_um", "giant", "ramified"),
}


def figures_of(extent: Extent) -> tuple[str, ...]:
    """The keys that a picture, a still, a finger or an exam has."""
    return tuple(key for key, one in DEFINITIONS.items() if one.extent is not None and one.extent <= extent)


def figures_at(place: Place) -> tuple[str, ...]:
    """The keys that a place shows, the most important first, else in the order of the table."""
    shown = [key for key, one in METRICS.items() if place in one.places]
    return tuple(dict.fromkeys([*_LEADING.get(place, ()), *shown]))
