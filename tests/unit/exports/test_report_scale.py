from dataclasses import replace

from appliance.analysis.recorded_analysis import record_analysis
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.trace import scales_of
from tests.support.reviewed_exams import Loop, image_of


def test_the_reports_scale_has_the_digits_that_its_uncertainty_leaves() -> None:
    plain = image_of([Loop()])
    stated = replace(plain.analysis, um_per_px=1.410002, um_per_px_uncertainty=0.000051)
    [scale] = scales_of(Localisation("en"), [replace(plain, recorded=record_analysis(stated, None))])
    assert scale.endswith(": 1.41000 µm/px, ± 0.00005")
