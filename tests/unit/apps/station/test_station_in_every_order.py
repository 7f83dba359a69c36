"""What several threads of the station ask of the scale and of the engines."""

import sys
from dataclasses import replace

from appliance.apps.station import engine_loop, frame_calibration, shared_engines
from appliance.apps.station.engine_loop import EngineLoop
from appliance.apps.station.frame_calibration import ScaleOfFrame, StationCalibration
from appliance.capture.latest_frame import LatestFrame
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import Axis, Calibration
from appliance.domain.detection import Detections
from appliance.domain.frame import Frame
from appliance.exam.scale_in_force import ScaleInForce
from appliance.storage.memory_calibrations import MemoryCalibrationStore
from tests.support.calibration_parts import MADE, kept_at
from tests.support.exam_parts import CALIBRATION, shown_frame
from tests.support.interleaving import Race, in_every_order

HERE = sys.modules[__name__]


def frames_of_two_sizes() -> tuple[Frame, Frame]:
    fits = shown_frame(1, 1.0).frame
    return fits, replace(fits, image_rgb=fits.image_rgb[:24, :32].copy())


def test_pages_never_see_half_an_answer_about_the_scale() -> None:
    def race() -> Race:
        fits, other = frames_of_two_sizes()
        rule = StationCalibration(lambda _: CALIBRATION, "none")
        seen: list[ScaleOfFrame] = []

        def work() -> None:
            for frame in (fits, other, fits):
                rule.for_frame(frame)

        def read() -> None:
            seen.extend(rule.newest for _ in range(3))

        def check() -> None:
            for one in seen:
                assert one == ScaleOfFrame() or (one.calibration is None) == bool(one.reason)
            assert rule.newest.calibration is CALIBRATION

        return Race([work, read], check)

    assert in_every_order(race, frame_calibration) > 50


def test_wizards_calibration_and_its_scale_are_seen_together() -> None:
    def race() -> Race:
        store = MemoryCalibrationStore()
        kept = kept_at("200x", 64)
        store.keep(kept, {Axis.X: b"png"})
        store.state_magnification("scope", "200x", MADE, "anna")
        shown = shown_frame(1, 1.0).frame
        fits = replace(shown, camera=replace(shown.camera, camera_id="scope"), image_rgb=shown.image_rgb.repeat(10, 0))
        rule = StationCalibration(lambda _: None, "none", ScaleInForce(store))
        rule.for_frame(fits)
        assert rule.newest.kept is kept

        def read() -> None:
            for _ in range(3):
                newest = rule.newest
                assert newest.kept is kept
                assert newest.calibration is kept.calibration

        return Race([lambda: [rule.for_frame(fits) for _ in range(2)], read])

    assert in_every_order(race, frame_calibration) > 20


def test_scale_is_made_once_when_engine_and_sweep_ask_together() -> None:
    def race() -> Race:
        fits, _ = frames_of_two_sizes()
        made: list[Calibration] = []

        def make(frame: Frame) -> Calibration:
            made.append(replace(CALIBRATION, calibration_id=f"made-{len(made)}"))
            return made[-1]

        rule = StationCalibration(make, "none")
        answers: list[Calibration | None] = []
        ask = lambda: answers.append(rule.for_frame(fits))  # noqa: E731

        def check() -> None:
            assert len(made) == 1
            assert answers == [made[0], made[0]]

        return Race([ask, ask], check)

    assert in_every_order(race, frame_calibration) > 20


def test_engines_serve_one_caller_at_a_time() -> None:
    def race() -> Race:
        inside: list[int] = []

        class Detector:
            def detect(self, image_rgb: object) -> Detections:
                inside.append(1)
                self.look()
                inside.pop()
                return Detections((), ())

            def look(self) -> None:
                assert len(inside) == 1, "two callers are in one engine"

        turn = shared_engines.threading.Lock()
        detector = shared_engines._SharedDetector(Detector(), turn)  # type: ignore[arg-type]
        picture = shown_frame(1, 1.0).frame.image_rgb
        return Race([lambda: detector.detect(picture)] * 2)

    assert in_every_order(race, shared_engines, HERE) > 10


def test_newest_result_and_health_are_whole_while_the_engine_works() -> None:
    def race() -> Race:
        slot = LatestFrame()

        def analyse(frame: Frame, _: Calibration | None) -> FrameAnalysis:
            if frame.seq == 2:
                raise RuntimeError("the engine stumbled")
            return shown_frame(frame.seq, 1.0).analysis

        loop = EngineLoop(slot, analyse, lambda _: None, lambda *_: None)
        loop.start()

        def feed() -> None:
            for seq in (1, 2, 3):
                slot.put(shown_frame(seq, 1.0).frame)
                slot.put(shown_frame(seq, 1.0).frame)
            slot.close()
            assert loop.join(60)

        def read() -> None:
            for _ in range(3):
                if (latest := loop.latest) is not None:
                    assert latest.frame.seq == latest.analysis.seq
                health = loop.health
                assert not health.last_error or health.frames_failed

        def check() -> None:
            assert loop.latest is None or loop.latest.frame.seq != 2, "a frame that failed is shown"

        return Race([feed, read], check)

    assert in_every_order(race, engine_loop) > 30
