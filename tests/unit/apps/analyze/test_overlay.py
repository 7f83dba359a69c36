"""What stands in an overlay picture, and in which words."""

from dataclasses import replace
from datetime import datetime, timezone
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from appliance.apps.analyze.overlay import COLOURS, HAEMORRHAGE_COLOUR, overlay_png, summary_lines
from appliance.domain.analysis_result import EngineIdentity, FrameAnalysis
from appliance.domain.detection import BoundingBox, HaemorrhageDetection, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import FrameQuality, QualityReason

APICAL = MeasuredWidth(WidthSegment((120.0, 100.0), (120.0, 112.0)), 12.0, 16.9)
LOOP = Capillary(
    bbox=BoundingBox(100, 90, 40, 120),
    score=0.9,
    track_id=None,
    row=Row.DISTAL,
    morphology=Morphology.GIANT,
    size=SizeClass.GIANT,
    size_basis=SizeBasis.MEASURED,
    apex_px=(120.0, 100.0),
    apical=APICAL,
    arterial=None,
    venous=None,
)
ANALYSIS = FrameAnalysis(
    seq=0,
    captured_monotonic_s=0.0,
    captured_at_utc=datetime(2026, 11, 22, tzinfo=timezone.utc),
    width_px=640,
    height_px=480,
    um_per_px=1.41,
    calibration_id="a",
    quality=FrameQuality(True, (), 0.8, 0.0, None, 0.5),
    capillaries=(LOOP,),
    haemorrhages=(HaemorrhageDetection(BoundingBox(300, 20, 40, 30), 0.7),),
    metrics=ImageMetrics(9, 7, 0.9, 7.8, None, 16.9, 16.9, 4, 2, 2, 1, 5, 3, 1, 1),
    identity=EngineIdentity("0", "none", {}),
)


def drawn(analysis: FrameAnalysis, width: int = 640, height: int = 480) -> np.ndarray:
    png = overlay_png(np.full((height, width, 3), 90, np.uint8), analysis)
    return np.asarray(Image.open(BytesIO(png)))


def test_boxes_have_the_colour_of_their_class_at_their_place() -> None:
    image = drawn(ANALYSIS)
    assert image.shape[1] == 1280, "a small picture is drawn twice as large"
    assert tuple(image[300, 200]) == COLOURS[Morphology.GIANT]
    assert tuple(image[420, 260]) == COLOURS[Morphology.GIANT]
    assert tuple(image[70, 600]) == HAEMORRHAGE_COLOUR
    assert tuple(image[300, 240]) == (90, 90, 90), "inside the box nothing hides the loop"
    assert tuple(image[212, 240]) == (255, 255, 255), "the width is drawn where it was measured"


def test_the_figures_stand_below_the_picture() -> None:
    image = drawn(ANALYSIS)
    assert image.shape[0] > 960
    assert np.all(image[940, :] == 90)


def test_no_figure_is_cut_off_below_a_narrow_picture() -> None:
    quality = FrameQuality(False, tuple(QualityReason) * 3, 0.0, 0.2, None, 0.5)
    image = drawn(replace(ANALYSIS, width_px=300, height_px=60, quality=quality), 300, 60)
    is_ink = (image[240:] > 128).all(axis=2)
    assert is_ink.any()
    assert not is_ink[:, -6:].any()


def test_every_class_has_a_colour_of_its_own() -> None:
    assert len({*COLOURS.values(), HAEMORRHAGE_COLOUR}) == len(Morphology) + 1


def test_density_is_told_in_figures() -> None:
    assert summary_lines(ANALYSIS) == [
        "8 ± 3 capillaries per mm",
        "capillaries: 9, in the distal row: 7; 4 normal, 2 tortuous, 2 ramified, 1 giant; haemorrhages: 1",
    ]


@pytest.mark.parametrize(
    ("because", "words"),
    [
        ("no_calibration", "no scale known"),
        ("not_evaluable", "picture not evaluable"),
        ("no_distal_row", "no distal row"),
    ],
)
def test_a_density_that_is_not_measurable_says_why(because: str, words: str) -> None:
    metrics = replace(ANALYSIS.metrics, density_per_mm=None, density_unmeasurable_because=because)
    assert words in summary_lines(replace(ANALYSIS, metrics=metrics))[0]


def test_a_picture_that_is_not_evaluable_says_why() -> None:
    quality = FrameQuality(False, (QualityReason.OUT_OF_FOCUS, QualityReason.GLARE), 0.0, 0.2, None, 0.5)
    assert summary_lines(replace(ANALYSIS, quality=quality))[-1] == "Not evaluable: out of focus, glare"


def test_lines_grow_with_the_picture() -> None:
    large = drawn(replace(ANALYSIS, width_px=1920, height_px=1440), 1920, 1440)
    assert tuple(large[150, 105]) == COLOURS[Morphology.GIANT]
