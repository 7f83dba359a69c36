"""The report's fixed terms: what stands for each key of figures, fingers and reasons, in English message ids."""

from collections.abc import Mapping


def _n(message: str) -> str:
    """Marks a message for the catalogues."""
    return message


FIGURES: Mapping[str, str] = {
    "density_per_mm": _n("Capillary density"),
    "density_band": _n("Density range"),
    "evaluable_mm": _n("Evaluable row"),
    "capillaries_distal": _n("Capillaries, distal row"),
    "capillaries_total": _n("Capillaries, all rows"),
    "mean_apical_um": _n("Mean apical diameter"),
    "median_apical_um": _n("Median apical diameter"),
    "largest_width_um": _n("Largest diameter"),
    "share_enlarged": _n("Enlarged capillaries"),
    "giants": _n("Giant capillaries"),
    "tortuous": _n("Tortuous capillaries"),
    "ramified": _n("Ramified capillaries"),
    "haemorrhages": _n("Microhaemorrhages"),
    "grey_zone_20_um": _n("Within a pixel of 20 µm"),
    "grey_zone_50_um": _n("Within a pixel of 50 µm"),
    "score_loss": _n("Score: loss of capillaries"),
    "score_enlarged": _n("Score: enlarged capillaries"),
    "score_giants": _n("Score: giant capillaries"),
    "score_haemorrhages": _n("Score: microhaemorrhages"),
    "score_ramified": _n("Score: ramified capillaries"),
    "fast_track": _n("Fast Track"),
    "sub_pattern": _n("Scleroderma sub-pattern"),
    "fingers_evaluable": _n("Evaluable fingers"),
    "images_evaluable": _n("Evaluable images"),
    "score_disorganisation": _n("Score: disorganisation of the array"),
    "mes": _n("Microangiopathy evolution score (MES)"),
    "csuri": _n("Skin ulcer risk index (CSURI)"),
    "nemo": _n("NEMO score"),
}

SHORT: Mapping[str, str] = {
    "density_per_mm": _n("Density"),
    "mean_apical_um": _n("Mean apex"),
    "median_apical_um": _n("Median apex"),
    "largest_width_um": _n("Largest"),
    "share_enlarged": _n("Enlarged"),
    "giants": _n("Giant"),
    "tortuous": _n("Tortuous"),
    "ramified": _n("Ramified"),
    "haemorrhages": _n("Haemorrh."),
    "evaluable_mm": _n("Row"),
    "images_evaluable": _n("Images"),
    "fast_track": _n("Fast Track"),
    "mes": _n("MES"),
    "csuri": _n("CSURI"),
    "nemo": _n("NEMO"),
}
"""Column heads and cards; where there is none the full name stands."""

UNITS: Mapping[str, str] = {"/mm": "/mm", "um": "µm", "mm": "mm", "%": "%", "1": "", "": ""}

DEFINITIONS: Mapping[str, str] = {
    "density_per_mm": _n(
        "Capillaries of the distal row for each millimetre of that row; of the exam the mean of its fingers."
    ),
    "mean_apical_um": _n("Diameter of the red cell column at the apex, mean of the distal row."),
    "largest_width_um": _n("The largest apical, arterial or venous diameter in any row."),
    "share_enlarged": _n("Share of the distal row's capillaries that are 20 to 50 µm wide."),
    "giants": _n("Capillaries wider than 50 µm, whatever their shape and row."),
    "score_loss": _n(
        "0 to 3: none, up to a third, up to two thirds, more of the capillaries altered or lost; mean of images, then "
        "of fingers."
    ),
    "fast_track": _n(
        "Category 2 (scleroderma pattern): any giant, or a density of 3 or less with abnormal shapes; else category 1."
    ),
    "sub_pattern": _n("A suggestion: early, active or late; only where exactly one definition fits."),
    "mes": _n("Loss, disorganisation and ramification, 0 to 9; disorganisation is rated by the physician."),
    "csuri": _n(
        "Largest diameter, times giants, over the square of the capillaries, in the image with the fewest capillaries; "
        "depends on the width of the image."
    ),
    "nemo": _n("Microhaemorrhages of eight fingers; microthromboses are not detected by this device."),
}

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
RULES: Mapping[str, str] = {
    "fast_track_1": _n("Rule 1: density of 7/mm or more and no giant capillaries"),
    "fast_track_2a": _n("Rule 2: at least one giant capillary"),
    "fast_track_2b": _n("Rule 2: density of 3/mm or less with abnormal shapes"),
    "fast_track_3": _n("Rule 3: neither rule 1 nor rule 2 applies"),
    "early": _n("density of 7/mm or more, giant capillaries, no abnormal shapes"),
    "active": _n("density of 4 to 6/mm and giant capillaries"),
    "late": _n("density of 3/mm or less, no giant capillaries, abnormal shapes"),
}
BECAUSE: Mapping[str, str] = {
    "no_calibration": _n("no scale"),
    "not_evaluable": _n("not evaluable"),
    "excluded_by_physician": _n("excluded by the physician"),
    "no_distal_row": _n("no distal row found"),
    "no_density": _n("no density"),
    "no_widths": _n("no diameter measurable"),
    "no_giants": _n("not applicable: no giant capillaries"),
    "no_giants_where_fewest_loops": _n("not applicable: no giant capillaries in the image with the fewest capillaries"),
    "no_images": _n("no images"),
    "no_evaluable_image": _n("no evaluable image"),
    "only_panorama": _n("only a panorama or video clip"),
    "skipped": _n("not examined"),
    "too_few_fingers": _n("too few fingers"),
    "disorganisation_not_rated": _n("disorganisation not rated"),
    "no_scleroderma_pattern": _n("no scleroderma pattern"),
    "no_rule_fits": _n("between the definitions of the patterns"),
    "panorama": _n("panoramas enter no score"),
    "clip": _n("video clips are not measured"),
}
QUALITY: Mapping[str, str] = {
    "out_of_focus": _n("out of focus"),
    "glare": _n("reflections"),
    "motion": _n("motion"),
    "underexposed": _n("too dark"),
    "overexposed": _n("too bright"),
    "no_capillaries": _n("no capillaries"),
    "low_magnification": _n("magnification too low"),
    "blanched": _n("pressed pale"),
    "turned": _n("finger not upright"),
}
FIELDS: Mapping[str, str] = {
    "indication": _n("Indication"),
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
