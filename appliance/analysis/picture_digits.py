"""The digits that the figures of one picture carry, for pages that show a picture by itself."""

from collections.abc import Mapping

from appliance.analysis.group_figures import density_of, widths_of
from appliance.analysis.image_tally import tally
from appliance.domain.bands import CUTS_OF
from appliance.domain.figure_definitions import MEASURED
from appliance.domain.honest_digits import decimals_of_value
from appliance.domain.review import ReviewedImage


def picture_decimals(reviewed: ReviewedImage) -> Mapping[str, int]:
    """Decimals of each metric of a result, by the uncertainty that it has as a figure of the exam."""
    counted, metrics = [tally(reviewed)], reviewed.analysis.metrics
    figures = {"density_per_mm": density_of(counted), **widths_of(counted)}
    found = {one.key: one.decimals for one in MEASURED}
    for key in found.keys() & figures.keys():
        value = getattr(metrics, key)
        if value is not None:
            found[key] = decimals_of_value(value, figures[key].uncertainty, found[key], CUTS_OF.get(key, ()))
    return found
