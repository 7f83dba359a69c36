"""The report's fixed terms: what stands for each key of figures, fingers and reasons, in English message ids."""

from collections.abc import Mapping

from appliance.exports.report.table_words import report_words


def _n(message: str) -> str:
    """Marks a message for the catalogues."""
    return message


FIGURES = report_words("figures", "name")
SHORT = report_words("figures", "short")
"""Column heads and cards; where there is none the full name stands."""

UNITS: Mapping[str, str] = {"/mm": "/mm", "um": "µm", "mm": "mm", "%": "%", "1": "", "": ""}

DEFINITIONS = report_words("figures", "definition")
"""Of the figures that the report explains."""

HANDS: Mapping[str, str] = {"left": _n("Left hand"), "right": _n("Right hand")}
FINGERS: Mapping[str, str] = {
    "thumb": _n("thumb"),
    "index": _n("index finger"),
    "middle": _n("middle finger"),
    "ring": _n("ring finger"),
    "little": _n("little finger"),
}
SECTORS: Mapping[str, str] = {
    "A": _n("Sector A"),
    "B": _n("Sector B"),
    "C": _n("Sector C"),
    "D": _n("Sector D"),
    "unknown": _n("Sector unknown"),
    "panoramic": _n("Panorama"),
}
VERDICTS: Mapping[str, str] = {
    "scleroderma": _n("Category 2: scleroderma pattern"),
    "non_scleroderma": _n("Category 1: non-scleroderma pattern"),
    "normal": _n("normal"),
    "non_specific": _n("non-specific"),
    "early": _n("early"),
    "active": _n("active"),
    "late": _n("late"),
    "lowered": _n("lowered"),
    "extremely_lowered": _n("extremely lowered"),
}
RULES = report_words("rules")
"""With the cuts of the table of bands in braces."""
BECAUSE: Mapping[str, str] = {
    "no_calibration": _n("no scale"),
    "not_evaluable": _n("not evaluable"),
    "excluded_by_physician": _n("excluded by the physician"),
    "no_distal_row": _n("no distal row found"),
    "row_hidden": _n("too little of the distal row can be seen"),
    "no_density": _n("no density"),
    "no_widths": _n("no diameter measurable"),
    "no_giants": _n("not applicable: no giant capillaries"),
    "unconfirmed_giants": _n("no giant capillary is confirmed"),
    "no_images": _n("no images"),
    "no_evaluable_image": _n("no evaluable image"),
    "only_panorama": _n("only a panorama or video clip"),
    "only_thumbs": _n("only thumbs were examined, which do not count"),
    "skipped": _n("not examined"),
    "too_few_fingers": _n("too few fingers"),
    "disorganisation_not_rated": _n("disorganisation not rated"),
    "panorama": _n("panoramas enter no score"),
    "clip": _n("video clips are not measured"),
}
RULES_OF_EXAM: Mapping[bool, str] = {
    True: _n("a ramified capillary above 50 µm counts as a giant"),
    False: _n("a ramified capillary above 50 µm does not count as a giant"),
}
"""By Exam.counts_ramified_giants."""
QUALITY = report_words("quality")
FIELDS: Mapping[str, str] = {
    "indication": _n("Indication"),
    "raynaud_since": _n("Raynaud's phenomenon since"),
    "antibodies": _n("Antibodies"),
    "room_temperature_c": _n("Room temperature"),
    "acclimatisation_min": _n("Acclimatisation"),
    "medication": _n("Medication"),
    "smoking": _n("Smoking"),
    "disorganisation": _n("Disorganisation of the array, 0 to 3"),
    "remarks": _n("Remarks"),
}
SHAPES: Mapping[str, str] = {
    "normal": _n("normal shape"),
    "tortuous": _n("tortuous"),
    "ramified": _n("ramified"),
    "giant": _n("giant"),
    "haemorrhage": _n("microhaemorrhage"),
}
ORIGINS: Mapping[str, str] = {
    "still": _n("Still image"),
    "panorama": _n("Panorama"),
    "clip": _n("Video clip"),
}
