from appliance.analysis.density import RowDensity
from appliance.analysis.metrics import count_metrics
from appliance.domain.detection import BoundingBox, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth


def _capillary(
    shape: Morphology, size: SizeClass, row: Row, apical_um: float | None, venous_um: float | None = None
) -> Capillary:
    def width(um: float | None) -> MeasuredWidth | None:
        return None if um is None else MeasuredWidth(WidthSegment((0, 0), (0, um)), um, um)

    box = BoundingBox(0, 0, 40, 100)
    return Capillary(
        box, 0.9, None, row, shape, size, SizeBasis.MEASURED, None, width(apical_um), None, width(venous_um)
    )


def test_every_loop_is_counted_once_by_shape_and_once_by_calibre() -> None:
    metrics = count_metrics(
        [
            _capillary(Morphology.NORMAL, SizeClass.NORMAL, Row.DISTAL, 12.0, 14.0),
            _capillary(Morphology.NORMAL, SizeClass.ENLARGED, Row.DISTAL, 26.0),
            _capillary(Morphology.TORTUOUS, SizeClass.NORMAL, Row.DISTAL, None),
            _capillary(Morphology.RAMIFIED, SizeClass.GIANT, Row.OTHER, 55.0),
            _capillary(Morphology.GIANT, SizeClass.GIANT, Row.OTHER, 61.0, 70.0),
        ],
        haemorrhages=3,
        density=RowDensity(0.5, 6.0, None),
    )
    assert (metrics.capillaries_total, metrics.capillaries_distal) == (5, 3)
    assert (metrics.normal, metrics.tortuous, metrics.ramified, metrics.giant) == (2, 1, 1, 1)
    assert (metrics.size_normal, metrics.size_enlarged, metrics.size_giant) == (2, 1, 2)
    assert metrics.mean_apical_um == 19.0, "the distal row alone, where measurable"
    assert metrics.largest_width_um == 70.0, "anywhere, limbs too"
    assert (metrics.haemorrhages, metrics.distal_row_mm, metrics.density_per_mm) == (3, 0.5, 6.0)


def test_without_any_calibrated_width_there_is_no_mean_and_no_largest() -> None:
    bare = _capillary(Morphology.NORMAL, SizeClass.NORMAL, Row.DISTAL, None)
    metrics = count_metrics([bare], 0, RowDensity(None, None, "no_calibration"))
    assert (metrics.mean_apical_um, metrics.largest_width_um) == (None, None)
    assert metrics.density_unmeasurable_because == "no_calibration"
