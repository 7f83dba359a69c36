"""How loops lie in the frame, and pressure that drives the blood out of the skin."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.analysis.blanching import BlanchingWatch
from appliance.analysis.framing import Framing
from appliance.analysis.pipeline import Pipeline
from appliance.analysis.quality import grade, measure_picture
from appliance.analysis.settings import AnalysisSettings
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.detection import Detections, Row
from appliance.domain.quality import QualityReason
from engines.synthetic import scene as scene_module
from engines.synthetic.appearance import Blanching, draw_appearance
from engines.synthetic.live import LiveScene
from engines.synthetic.render import render
from engines.synthetic.truth import RenderedImage
from tests.support.rendered import TruthEngine, calibration_of, frame_of, visible_loops

SETTINGS = AnalysisSettings()
ROLLED_SEEDS = (920023, 920085, 920092, 920123, 920166, 920211, 920221, 920269, 920288, 920295)
"""Pictures rolled by 40 to 60 degrees."""
UPRIGHT = Framing(apex_of_width=0.02, row_of_width=1.0, row_at=0.3, tilt_deg=3.0)


def seen(scene: RenderedImage) -> FrameAnalysis:
    engine = TruthEngine(scene)
    return Pipeline(engine.engines, calibration_of(scene)).analyse(frame_of(scene.image_rgb), track=False)


@pytest.mark.parametrize(
    ("framing", "reasons", "hints"),
    [
        (UPRIGHT, (), ()),
        (replace(UPRIGHT, apex_of_width=0.005), (QualityReason.LOW_MAGNIFICATION,), ()),
        (replace(UPRIGHT, tilt_deg=-30.0), (), (QualityReason.ROW_TILTED,)),
        (replace(UPRIGHT, row_at=0.02), (), (QualityReason.ROW_OUT_OF_VIEW,)),
        (replace(UPRIGHT, row_at=0.98), (), (QualityReason.ROW_OUT_OF_VIEW,)),
        (replace(UPRIGHT, row_of_width=0.3), (), (QualityReason.ROW_OUT_OF_VIEW,)),
        (Framing(None, None, None, None), (), ()),
    ],
)
def test_only_what_spoils_a_measurement_makes_a_picture_not_evaluable(
    scenes: tuple[RenderedImage, ...],
    framing: Framing,
    reasons: tuple[QualityReason, ...],
    hints: tuple[QualityReason, ...],
) -> None:
    sharp = next(scene for scene in scenes if len(visible_loops(scene)) >= 5)
    quality = grade(measure_picture(sharp.image_rgb), None, 5, 640, SETTINGS, framing=framing)
    assert quality.reasons == reasons
    assert quality.is_evaluable is (not reasons)
    assert quality.hints == hints


def test_low_magnification_is_told_from_the_usual_ones() -> None:
    usual = [seen(render(seed, um_per_px=scale, difficulty=0.3)) for seed in range(8) for scale in (1.41, 2.6)]
    far = [seen(render(seed, um_per_px=6.0, difficulty=0.3)) for seed in range(8)]
    assert not any(QualityReason.LOW_MAGNIFICATION in one.quality.reasons for one in usual)
    assert np.mean([QualityReason.LOW_MAGNIFICATION in one.quality.reasons for one in far]) > 0.8


def test_still_of_a_whole_nailfold_counts_by_its_own_pixels_and_a_live_frame_by_one_look() -> None:
    scene = render(3, width=1280, height=960, um_per_px=2.6, difficulty=0.3)  # 3.3 mm; an apex of 15.5 um has 6 pixels

    class Closely(TruthEngine):
        def detect(self, image_rgb: NDArray[np.uint8], um_per_px: float | None = None) -> Detections:
            return super().detect(image_rgb)

    engine = Closely(scene)
    engines = replace(engine.engines, stills=engine)
    pipeline = Pipeline(engines, calibration_of(scene))
    frame = frame_of(scene.image_rgb)
    assert QualityReason.LOW_MAGNIFICATION not in pipeline.analyse(frame, track=False).quality.reasons
    assert QualityReason.LOW_MAGNIFICATION in pipeline.analyse(frame, track=True).quality.reasons


def test_tilted_row_is_hinted_at_and_a_level_one_is_not(scenes: tuple[RenderedImage, ...]) -> None:
    told = [(abs(scene.roll_deg), QualityReason.ROW_TILTED in seen(scene).quality.hints) for scene in scenes]
    level = [is_told for roll, is_told in told if roll < 12]
    assert np.mean(level) < 0.06
    rolled = (*scenes, *map(render, ROLLED_SEEDS))
    tilted = [(one, _distal(one)) for one in rolled if 33 < abs(one.roll_deg) < 55]
    tilted = [(one, distal) for one, distal in tilted if distal >= 4]
    assert len(tilted) >= 4
    assert np.mean([QualityReason.ROW_TILTED in seen(one).quality.hints for one, _ in tilted]) > 0.6


def _distal(scene: RenderedImage) -> int:
    return sum(loop.row is Row.DISTAL for loop in visible_loops(scene))


def pressed(monkeypatch: pytest.MonkeyPatch, seed: int, share: float) -> NDArray[np.uint8]:
    """A nailfold with so much of its blood pressed away, everything else the same."""

    def press(*arguments: object) -> object:
        return replace(draw_appearance(*arguments), blanching=Blanching((0.0, 0.0), 2000.0, share))  # type: ignore[arg-type]

    monkeypatch.setattr(scene_module, "draw_appearance", press)
    return render(seed, um_per_px=1.41, difficulty=0.3).image_rgb


def test_pressing_is_noticed_and_letting_go_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    noticed, ended = 0, 0
    for seed in range(10):
        watch = BlanchingWatch(SETTINGS)
        free, hard = (measure_picture(pressed(monkeypatch, seed, share)) for share in (0.0, 0.75))
        for step in range(10):
            assert not watch.look(free, step * 0.1, (0.0, 0.0))
        noticed += watch.look(hard, 1.1, (0.001, 0.0))
        ended += not watch.look(free, 1.2, (0.0, 0.0))
    assert noticed >= 7
    assert ended == 10


def test_blur_is_not_taken_for_pressure_nor_is_another_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(6):
        image = pressed(monkeypatch, seed, 0.0)
        free, blurred = (
            measure_picture(image),
            measure_picture(np.asarray(cv2.GaussianBlur(image, (0, 0), 6), dtype=np.uint8)),
        )
        pale = measure_picture(pressed(monkeypatch, seed, 0.8))
        watch = BlanchingWatch(SETTINGS)
        for step in range(10):
            watch.look(free, step * 0.1, (0.0, 0.0))
        assert not watch.look(blurred, 1.1, (0.0, 0.0))
        assert not watch.look(pale, 1.2, None), "other skin may be pale by itself"


@pytest.mark.parametrize("seed", [1, 2])
def test_going_over_an_unpressed_nailfold_raises_no_alarm(seed: int) -> None:
    scene = LiveScene(seed)
    frames = [frame_of(scene.frame(at_s)[0], index, fps=8.0) for index, at_s in enumerate(np.arange(0, 24, 0.125))]
    engine = TruthEngine(render(seed))
    pipeline = Pipeline(engine.engines)
    results = [pipeline.analyse(frame, track=True) for frame in frames]
    assert not any(QualityReason.BLANCHED in one.quality.reasons for one in results)
