"""The whole pipeline around perfect engines: every figure has an exact expectation."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from appliance.analysis.pipeline import Pipeline
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.detection import BoundingBox, Detections, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.errors import InferenceError
from appliance.domain.keypoints import LoopKeypoints
from appliance.domain.measurement import Capillary
from appliance.domain.quality import QualityReason
from appliance.ports import EngineSet
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render
from engines.synthetic.truth import RenderedImage, Segment
from tests.support.rendered import IDENTITY, TruthEngine, calibration_of, frame_of

GHOST = BoundingBox(300.0, -20.0, 40.0, 60.0)
STAGES = {"detector", "keypoints", "measure", "row", "quality", "track", "metrics", "total"}


@pytest.fixture(scope="module")
def scene() -> RenderedImage:
    """A sharp, well-lit nailfold of an early pattern."""
    return render(72, um_per_px=1.41, pattern=Pattern.EARLY, difficulty=0.0)


@pytest.fixture
def engine(scene: RenderedImage) -> TruthEngine:
    return TruthEngine(scene)


@pytest.fixture
def pipeline(scene: RenderedImage, engine: TruthEngine) -> Pipeline:
    return Pipeline(engine.engines, calibration_of(scene))


def test_a_still_carries_its_frame_and_its_makers(pipeline: Pipeline, scene: RenderedImage) -> None:
    frame = frame_of(scene.image_rgb, seq=7)
    analysis = pipeline.analyse(frame, track=False)
    assert (analysis.seq, analysis.captured_monotonic_s) == (7, frame.captured_monotonic_s)
    assert analysis.captured_at_utc == frame.captured_at_utc
    assert (analysis.width_px, analysis.height_px) == (640, 480)
    assert (analysis.um_per_px, analysis.calibration_id) == (1.41, "rendered-72")
    assert analysis.identity is IDENTITY
    assert len(analysis.haemorrhages) == analysis.metrics.haemorrhages
    assert analysis.quality.is_evaluable


def test_widths_are_exact_in_micrometres(pipeline: Pipeline, engine: TruthEngine, scene: RenderedImage) -> None:
    capillaries = pipeline.analyse(frame_of(scene.image_rgb), track=False).capillaries
    assert len(capillaries) == len(engine.loops) >= 6
    for capillary, loop in zip(capillaries, engine.loops, strict=True):
        for width, segment in (
            (capillary.apical, loop.apical_px),
            (capillary.arterial, loop.arterial_px),
            (capillary.venous, loop.venous_px),
        ):
            if width is not None and segment is not None:
                assert width.um == pytest.approx(_length(segment) * 1.41)
    measured = [c.apical is not None for c in capillaries]
    assert np.mean(measured) > 0.9


def test_sizes_row_and_density_are_those_of_the_truth(scenes: tuple[RenderedImage, ...]) -> None:
    agreed_size, agreed_row, seen = 0, 0, 0
    for scene in scenes:
        engine = TruthEngine(scene)
        analysis = Pipeline(engine.engines, calibration_of(scene)).analyse(frame_of(scene.image_rgb), track=False)
        for capillary, loop in zip(analysis.capillaries, engine.loops, strict=True):
            agreed_size += capillary.size is loop.size
            agreed_row += capillary.row is loop.row
            seen += 1
        assert analysis.metrics.capillaries_distal == sum(c.row is Row.DISTAL for c in analysis.capillaries)
        if analysis.metrics.density_per_mm is not None and analysis.metrics.distal_row_mm is not None:
            product = analysis.metrics.density_per_mm * analysis.metrics.distal_row_mm
            assert product == pytest.approx(analysis.metrics.capillaries_distal)
    # The rest have a wide limb that nobody can see beside a measured apex just below the cut.
    assert agreed_size / seen > 0.96
    assert agreed_row / seen > 0.97


def test_every_measured_giant_is_a_giant(scenes: tuple[RenderedImage, ...]) -> None:
    giants = 0
    for scene in scenes:
        analysis = Pipeline(TruthEngine(scene).engines, calibration_of(scene)).analyse(
            frame_of(scene.image_rgb), track=False
        )
        for one in analysis.capillaries:
            if one.size_basis is SizeBasis.MEASURED and one.morphology is not Morphology.RAMIFIED:
                assert (one.morphology is Morphology.GIANT) is (one.size is SizeClass.GIANT)
                giants += one.size is SizeClass.GIANT
    assert giants >= 5


def test_without_calibration_nothing_is_in_micrometres(engine: TruthEngine, scene: RenderedImage) -> None:
    analysis = Pipeline(engine.engines, None).analyse(frame_of(scene.image_rgb), track=False)
    assert (analysis.um_per_px, analysis.calibration_id) == (None, None)
    assert all(width.um is None for one in analysis.capillaries for width in _widths(one))
    assert any(width.px > 0 for one in analysis.capillaries for width in _widths(one))
    assert all(one.size_basis is SizeBasis.APPEARANCE for one in analysis.capillaries)
    assert analysis.metrics.density_per_mm is None
    assert analysis.metrics.density_unmeasurable_because == "no_calibration"


def test_a_calibration_for_another_frame_size_is_as_good_as_none(engine: TruthEngine, scene: RenderedImage) -> None:
    wrong = Calibration("hd", 0.7, 1280, 960, ScaleOrigin.STAGE_MICROMETER)
    analysis = Pipeline(engine.engines, wrong).analyse(frame_of(scene.image_rgb), track=False)
    assert (analysis.um_per_px, analysis.calibration_id) == (None, None)
    assert analysis.metrics.density_unmeasurable_because == "no_calibration"


def test_a_new_calibration_holds_from_the_next_frame_on(pipeline: Pipeline, scene: RenderedImage) -> None:
    first = pipeline.analyse(frame_of(scene.image_rgb, 0), track=True)
    pipeline.use_calibration(replace(calibration_of(scene), calibration_id="new", um_per_px=2.82))
    second = pipeline.analyse(frame_of(scene.image_rgb, 1), track=True)
    assert second.calibration_id == "new"
    for one, two in zip(first.capillaries, second.capillaries, strict=True):
        if one.apical is not None and two.apical is not None and one.apical.um is not None:
            assert two.apical.um == pytest.approx(2 * one.apical.um)


def test_a_frame_that_is_not_evaluable_has_no_density(engine: TruthEngine, scene: RenderedImage) -> None:
    dark = (scene.image_rgb // 16).astype(np.uint8)
    analysis = Pipeline(engine.engines, calibration_of(scene)).analyse(frame_of(dark), track=False)
    assert not analysis.quality.is_evaluable
    assert analysis.metrics.density_unmeasurable_because == "not_evaluable"
    assert len(analysis.capillaries) == len(engine.loops), "what was found is still shown"


def test_an_empty_frame_is_a_result(scene: RenderedImage) -> None:
    analysis = Pipeline(_Blind().engines, calibration_of(scene)).analyse(frame_of(scene.image_rgb), track=True)
    assert analysis.capillaries == ()
    assert analysis.metrics.capillaries_total == 0
    assert analysis.metrics.density_per_mm is None
    assert [reason.value for reason in analysis.quality.reasons] == ["no_capillaries"]


def test_a_video_gives_ids_and_motion(pipeline: Pipeline, engine: TruthEngine, scene: RenderedImage) -> None:
    ids, motions = [], []
    for seq in range(12):
        picture = np.roll(scene.image_rgb, (0, 5 * seq), axis=(0, 1))
        analysis = pipeline.analyse(frame_of(np.ascontiguousarray(picture), seq), track=True)
        ids.append([capillary.track_id for capillary in analysis.capillaries])
        motions.append(analysis.quality.motion_px)
        engine.move(5.0, 0.0)
    expected = list(range(1, len(engine.loops) + 1))
    assert ids[0] == [None] * len(expected)
    assert all(one == expected for one in ids[1:])
    assert motions[0] is None
    assert motions[1:] == pytest.approx([5.0] * 11, abs=1.0)


def test_a_false_detection_of_one_frame_does_not_hide_the_row(scene: RenderedImage) -> None:
    class Flickering(TruthEngine):
        sees_a_ghost = False

        def detect(self, image_rgb):
            seen = super().detect(image_rgb)
            ghost = replace(seen.capillaries[0], bbox=GHOST, score=0.4)
            return replace(seen, capillaries=seen.capillaries + (ghost,) * self.sees_a_ghost)

        def estimate(self, image_rgb, boxes):
            true = [box for box in boxes if box != GHOST]
            found = iter(super().estimate(image_rgb, true))
            return tuple(LoopKeypoints(None, None, None) if box == GHOST else next(found) for box in boxes)

    engine = Flickering(scene)
    pipeline = Pipeline(engine.engines, calibration_of(scene))
    rows = []
    for seq in range(4):
        engine.sees_a_ghost = seq == 3
        analysis = pipeline.analyse(frame_of(scene.image_rgb, seq), track=True)
        rows.append([capillary.row for capillary in analysis.capillaries])
    assert rows[0] == rows[1] == rows[2]
    assert rows[3] == [*rows[0], Row.OTHER]
    still = pipeline.analyse(frame_of(scene.image_rgb, 9), track=False)
    assert [capillary.row for capillary in still.capillaries][:-1] == rows[0], "nor of a still"


def test_a_still_leaves_the_video_as_it_is(pipeline: Pipeline, scene: RenderedImage) -> None:
    for seq in range(2):
        pipeline.analyse(frame_of(scene.image_rgb, seq), track=True)
    still = pipeline.analyse(frame_of(scene.image_rgb[::-1].copy(), 99), track=False)
    assert all(capillary.track_id is None for capillary in still.capillaries)
    assert still.quality.motion_px is None
    live = pipeline.analyse(frame_of(scene.image_rgb, 2), track=True)
    assert [capillary.track_id for capillary in live.capillaries] == list(range(1, len(live.capillaries) + 1))
    assert live.quality.motion_px == pytest.approx(0.0, abs=0.5)


def test_every_stage_is_timed_and_the_total_is_their_sum(engine: TruthEngine, scene: RenderedImage) -> None:
    ticks = iter(range(100))
    pipeline = Pipeline(engine.engines, calibration_of(scene), perf_counter=lambda: next(ticks) / 1000)
    stage_ms = pipeline.analyse(frame_of(scene.image_rgb), track=True).stage_ms
    assert set(stage_ms) == STAGES
    assert stage_ms["total"] == pytest.approx(7.0)
    assert all(stage_ms[stage] == pytest.approx(1.0) for stage in STAGES - {"total"})


def test_quality_is_graded_while_the_detector_works(engine: TruthEngine, scene: RenderedImage) -> None:
    """The detector here ends only once another thread has looked at the picture."""
    looked = threading.Event()

    class Slow(TruthEngine):
        def detect(self, image_rgb):
            assert looked.wait(10), "nobody looked at the picture meanwhile"
            return super().detect(image_rgb)

    class Watched(np.ndarray):
        @property
        def shape(self):
            if threading.current_thread().name.startswith("quality"):
                looked.set()
            return super().shape

    frame = frame_of(scene.image_rgb)
    object.__setattr__(frame, "image_rgb", scene.image_rgb.view(Watched))
    assert Pipeline(Slow(scene).engines, calibration_of(scene)).analyse(frame, track=False).capillaries


def test_a_failing_engine_fails_the_frame_and_not_the_next(engine: TruthEngine, scene: RenderedImage) -> None:
    class Flaky(TruthEngine):
        is_broken = True

        def detect(self, image_rgb):
            if self.is_broken:
                raise InferenceError("ran the detector, got no answer")
            return super().detect(image_rgb)

    flaky = Flaky(scene)
    pipeline = Pipeline(flaky.engines, calibration_of(scene))
    with pytest.raises(InferenceError):
        pipeline.analyse(frame_of(scene.image_rgb, 0), track=True)
    flaky.is_broken = False
    assert pipeline.analyse(frame_of(scene.image_rgb, 1), track=True).capillaries


class _Blind:
    """Engines that find nothing."""

    @property
    def engines(self) -> EngineSet:
        return EngineSet(self, self, IDENTITY)

    def detect(self, image_rgb):
        return Detections()

    def estimate(self, image_rgb, boxes):
        raise AssertionError("there is no box to look at")


def _widths(capillary: Capillary):
    return [w for w in (capillary.apical, capillary.arterial, capillary.venous) if w is not None]


def _length(segment: Segment) -> float:
    return float(np.hypot(*np.subtract(*segment)))


def test_what_is_kept_of_a_video_was_measured_in_that_very_frame(
    pipeline: Pipeline, engine: TruthEngine, scene: RenderedImage
) -> None:
    for seq in range(30):
        live = pipeline.analyse(frame_of(scene.image_rgb, seq), track=True)
    grown = 1.2
    engine.widen(grown)
    live = pipeline.analyse(frame_of(scene.image_rgb, 30), track=True)
    assert live.as_still is not None
    whole = live.as_still()
    assert whole.as_still is None
    ends = [(loop.apical_px, loop.arterial_px, loop.venous_px) for loop in engine.loops]
    stale = 0
    for kept, seen, true in zip(whole.capillaries, live.capillaries, ends, strict=True):
        for width, before, segment in zip(
            (kept.apical, kept.arterial, kept.venous), (seen.apical, seen.arterial, seen.venous), true, strict=True
        ):
            if width is not None and before is not None and segment is not None:
                assert width.segment.length_px == pytest.approx(grown * _length(segment))
                stale += before.segment.length_px == pytest.approx(_length(segment))
        assert (kept.track_id, kept.bbox, kept.score) == (None, seen.bbox, seen.score)
    assert stale > 0, "the live result carried some of them on"
    assert (whole.seq, whole.quality) == (live.seq, live.quality)


def test_what_is_kept_of_a_video_is_looked_at_as_a_still(engine: TruthEngine, scene: RenderedImage) -> None:
    """The careful look finds what one look missed; what the video knows of the picture, that it moved, stays."""
    looks = []

    class Careful:
        def detect(self, image_rgb, um_per_px):
            looks.append(um_per_px)
            return engine.detect(image_rgb)

    class Hasty:
        def detect(self, image_rgb):
            found = engine.detect(image_rgb)
            return replace(found, capillaries=found.capillaries[1:])

    scale = calibration_of(scene)
    pipeline = Pipeline(EngineSet(Hasty(), engine, IDENTITY, Careful()), scale)
    pipeline.analyse(frame_of(scene.image_rgb, 1), track=True)
    live = pipeline.analyse(frame_of(np.roll(scene.image_rgb, 20, axis=1), 2), track=True)
    assert not looks
    assert live.as_still is not None
    kept = live.as_still()
    assert looks == [scale.um_per_px]
    assert len(kept.capillaries) == len(live.capillaries) + 1
    assert kept.quality.motion_px == live.quality.motion_px is not None
    assert QualityReason.MOTION in kept.quality.reasons


def test_a_still_has_nothing_left_to_measure(pipeline: Pipeline, scene: RenderedImage) -> None:
    assert pipeline.analyse(frame_of(scene.image_rgb), track=False).as_still is None
