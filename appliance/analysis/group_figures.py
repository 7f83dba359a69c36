"""The figures of a group of images that count: one image, a sector, a finger."""

import statistics
from collections.abc import Mapping, Sequence

from appliance.analysis import uncertainty
from appliance.analysis.density import NO_CALIBRATION, NO_DISTAL_ROW
from appliance.analysis.image_pattern import GREY_ZONE, gravest_of
from appliance.analysis.image_tally import ImageTally
from appliance.domain.bands import DENSITY
from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.figure_definition import Extent, Kind
from appliance.domain.figure_definitions import DEFINITIONS, figures_of
from appliance.domain.printed_figure import HIGH, LOW
from appliance.domain.said_beside import RAMIFIED_COUNT, RAMIFIED_DO_NOT_COUNT, RAMIFIED_RULE
from appliance.domain.scores import lost_share, semiquantitative

NO_WIDTHS = "no_widths"
SCORES = tuple(key for key in figures_of(Extent.STILL) if DEFINITIONS[key].kind is Kind.SCORE)


def group_figures(tallies: Sequence[ImageTally]) -> dict[str, Figure]:
    """Every figure of one or more images that count; `tallies` is not empty.

    Counts are sums: a loop that two overlapping images show counts in both. Category and pattern are those of the
    gravest image.
    """
    density = density_of(tallies)
    return {
        "density_per_mm": density,
        "density_band": band_of(density),
        **counts_of(tallies),
        **widths_of(tallies),
        "dilated_per_mm": dilated_of(tallies),
        **{key: mean_score([image_score(key, one) for one in tallies], "images") for key in SCORES},
        **gravest_of(tallies),
        "images_evaluable": Figure(len(tallies)),
    }


def density_of(tallies: Sequence[ImageTally]) -> Figure:
    """All distal loops over all millimetres of the images in which density could be measured."""
    measured = [(one, one.row_mm) for one in tallies if one.density_missing_because is None and one.row_mm]
    if not measured:
        reasons = [one.density_missing_because or NO_DISTAL_ROW for one in tallies]
        return Figure(None, because=NO_CALIBRATION if NO_CALIBRATION in reasons else reasons[0])
    loops = sum(one.distal for one, _ in measured)
    row_mm = sum(row for _, row in measured)
    scale_share = max(one.scale_share for one, _ in measured)
    basis: dict[str, float | int | str] = {"capillaries": loops, "evaluable_mm": round(row_mm, 3)}
    basis |= {"images": len(measured), "images_without_density": len(tallies) - len(measured)}
    off = uncertainty.of_density(loops, row_mm, len(measured), scale_share)
    own = measured[0][0].density_per_mm if len(measured) == 1 else None
    return Figure(DENSITY.written(loops / row_mm) if own is None else own, off, None, basis)


def band_of(density: Figure) -> Figure:
    """The band of a measured density; its grey zone names the bands that lie within the density's uncertainty too."""
    if not isinstance(density.value, float):
        return Figure(None, because=density.because)
    name = DENSITY.name(density.value)
    others = [one for one in DENSITY.within(density.value, density.uncertainty or 0.0) if one != name]
    return Figure(name, basis={GREY_ZONE: ",".join(others)} if others else {})


def dilated_of(tallies: Sequence[ImageTally]) -> Figure:
    """Distal loops of 30 to 50 um over all millimetres in which density could be measured."""
    density = density_of(tallies)
    if density.value is None:
        return Figure(None, because=density.because)
    measured = [(one, one.row_mm) for one in tallies if one.density_missing_because is None and one.row_mm]
    loops, row_mm = sum(one.distal_dilated for one, _ in measured), sum(row for _, row in measured)
    return Figure(loops / row_mm, uncertainty.of_rare(loops, row_mm), None, {"loops": loops})


def counts_of(tallies: Sequence[ImageTally]) -> dict[str, Figure]:
    """Sums over the images, and the share of enlarged loops in the distal row."""
    distal = sum(one.distal for one in tallies)
    enlarged = sum(one.distal_enlarged for one in tallies)
    rows = [one.row_mm for one in tallies if one.row_mm is not None and one.density_missing_because is None]
    density = density_of(tallies)
    share = Figure(None, because=NO_DISTAL_ROW)
    if distal:
        half = 100 * uncertainty.of_share(enlarged, distal)
        low, high = (round(100 * end, 1) for end in uncertainty.share_interval(enlarged, distal))
        basis = {"enlarged": enlarged, "capillaries": distal, LOW: low, HIGH: high}
        share = Figure(100 * enlarged / distal, half, None, basis)
    return {
        "evaluable_mm": Figure(sum(rows)) if rows else Figure(None, because=density.because),
        "capillaries_distal": Figure(distal),
        "capillaries_total": Figure(sum(one.total for one in tallies)),
        "share_enlarged": share,
        "giants": Figure(
            sum(one.giants for one in tallies),
            basis={
                "in_grey_zone": sum(one.giants_in_grey_zone for one in tallies),
                "possible_giants": sum(one.possible_giants for one in tallies),
                "ramified_giants": sum(one.ramified_giants for one in tallies),
                "ramified_giants_aside": sum(one.ramified_giants_aside for one in tallies),
                RAMIFIED_RULE: RAMIFIED_COUNT if tallies[0].counts_ramified_giants else RAMIFIED_DO_NOT_COUNT,
            },
        ),
        "tortuous": Figure(sum(one.tortuous for one in tallies)),
        "ramified": Figure(sum(one.ramified for one in tallies)),
        "haemorrhages": Figure(sum(one.haemorrhages for one in tallies)),
    }


def widths_of(tallies: Sequence[ImageTally]) -> dict[str, Figure]:
    """Mean and median apical width of the distal row, the largest width anywhere, and loops in the grey zones."""
    apical = [width for one in tallies for width in one.apical]
    mean = median = Figure(None, because=NO_WIDTHS)
    if apical:
        values, basis = [width.um for width in apical], {"capillaries": len(apical)}
        mean = Figure(statistics.fmean(values), uncertainty.of_mean_width(apical), None, basis)
        median = Figure(statistics.median(values), uncertainty.of_median_width(apical), None, basis)
    found = {
        "mean_apical_um": mean,
        "median_apical_um": median,
        "largest_width_um": _largest(tallies),
        "grey_zone_20_um": Figure(sum(one.near_20_um for one in tallies)),
        "grey_zone_50_um": Figure(sum(one.near_50_um for one in tallies)),
    }
    has_scale = any(one.um_per_px is not None for one in tallies)
    return found if has_scale else dict(abstaining(tuple(found), NO_CALIBRATION))


def _largest(tallies: Sequence[ImageTally]) -> Figure:
    widest = max(
        ((one.largest, one.image_id) for one in tallies if one.largest is not None),
        key=lambda pair: pair[0].um,
        default=None,
    )
    if widest is None:
        return Figure(None, because=NO_WIDTHS)
    return Figure(widest[0].um, uncertainty.of_width(widest[0]), None, {"image_id": widest[1]})


def image_score(key: str, one: ImageTally) -> Figure:
    """The 0-3 score of one image: the share of its distal loops that is altered, or of normal ones that is lost."""
    if key == "score_loss":
        if one.density_per_mm is None:
            return Figure(None, because=one.density_missing_because or NO_DISTAL_ROW)
        return Figure(semiquantitative(lost_share(one.density_per_mm)))
    if not one.distal:
        return Figure(None, because=NO_DISTAL_ROW)
    altered = {
        "score_enlarged": one.distal_enlarged,
        "score_giants": one.distal_giants - one.distal_possible_giants,
        "score_haemorrhages": one.haemorrhages,
        "score_ramified": one.distal_ramified,
    }[key]
    return Figure(semiquantitative(altered / one.distal))


def mean_score(scores: Sequence[Figure], counted: str) -> Figure:
    """The mean of those that have a value; `counted` names them in the basis: "images" or "fingers"."""
    values = [float(score.value) for score in scores if isinstance(score.value, int | float)]
    if not values:
        return Figure(None, because=scores[0].because)
    return Figure(statistics.fmean(values), basis={counted: len(values)})


def abstaining(keys: Sequence[str], because: str, basis: Mapping[str, float | int | str] | None = None) -> Figures:
    """Every figure missing for one reason."""
    return {key: Figure(None, because=because, basis=basis or {}) for key in keys}
