import pytest

from appliance.analysis.size import classify_size, classify_width, is_near_cut, settle_morphology
from appliance.domain.detection import Morphology, SizeBasis, SizeClass
from engines.synthetic.truth import size_class_of as size_in_training

NORMAL, ENLARGED, GIANT = SizeClass.NORMAL, SizeClass.ENLARGED, SizeClass.GIANT
MEASURED, APPEARANCE = SizeBasis.MEASURED, SizeBasis.APPEARANCE


@pytest.mark.parametrize(
    ("um", "size"),
    [(4.0, NORMAL), (19.99, NORMAL), (20.0, ENLARGED), (50.0, ENLARGED), (50.01, GIANT), (130.0, GIANT)],
)
def test_cuts_are_at_20_and_50_micrometres(um: float, size: SizeClass) -> None:
    assert classify_width(um) is size
    assert size_in_training(um) is size, "training and device must draw the line at the same place"


@pytest.mark.parametrize(
    ("widths", "appearance", "expected"),
    [
        ((15.0, 11.0, 16.0), GIANT, (NORMAL, MEASURED)),
        ((15.0, 11.0, 21.0), NORMAL, (ENLARGED, MEASURED)),  # the widest of the three decides
        ((15.0, 51.0, None), NORMAL, (GIANT, MEASURED)),
        ((None, None, None), ENLARGED, (ENLARGED, APPEARANCE)),
        ((None, 11.0, 14.0), ENLARGED, (ENLARGED, APPEARANCE)),  # the apex may be wider than its limbs
        ((None, 11.0, 24.0), NORMAL, (ENLARGED, MEASURED)),  # but no narrower than them
        ((None, 55.0, None), NORMAL, (GIANT, MEASURED)),
    ],
)
def test_size_follows_the_widest_calibrated_width(make_loop, widths, appearance, expected) -> None:
    loop = make_loop((100.0, 100.0), widths=widths, appearance=appearance, size=(120.0, 200.0))
    assert classify_size(loop) == expected


def test_without_calibration_appearance_decides(make_loop) -> None:
    loop = make_loop((100.0, 100.0), widths=(15.0, 11.0, 12.0), um_per_px=None, appearance=GIANT)
    assert classify_size(loop) == (GIANT, APPEARANCE)


@pytest.mark.parametrize(
    ("shape", "size", "basis", "settled"),
    [
        (Morphology.NORMAL, GIANT, MEASURED, Morphology.GIANT),
        (Morphology.TORTUOUS, GIANT, MEASURED, Morphology.GIANT),
        (Morphology.RAMIFIED, GIANT, MEASURED, Morphology.RAMIFIED),
        (Morphology.GIANT, ENLARGED, MEASURED, Morphology.NORMAL),
        (Morphology.GIANT, NORMAL, MEASURED, Morphology.NORMAL),
        (Morphology.TORTUOUS, NORMAL, MEASURED, Morphology.TORTUOUS),
        (Morphology.GIANT, ENLARGED, APPEARANCE, Morphology.GIANT),
        (Morphology.NORMAL, GIANT, APPEARANCE, Morphology.NORMAL),
    ],
)
def test_a_giant_is_a_matter_of_micrometres_wherever_they_are_known(shape, size, basis, settled) -> None:
    assert settle_morphology(shape, size, basis) is settled


@pytest.mark.parametrize(("um", "near"), [(18.5, False), (19.0, True), (21.3, True), (21.5, False), (49.0, True)])
def test_the_grey_zone_is_one_pixel_to_either_side_of_a_cut(um: float, near: bool) -> None:
    assert is_near_cut(um, um_per_px=1.41) is near
