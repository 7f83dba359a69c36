"""From one frame to everything that was found in it: the stages in order, around two injected engines."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.blanching import BlanchingWatch
from appliance.analysis.countable import areas_of
from appliance.analysis.counted_row import counted_row
from appliance.analysis.density import measure_density
from appliance.analysis.distal_row import find_distal_row, row_apices
from appliance.analysis.following import FollowedFrame, Follower
from appliance.analysis.framing import framing_of
from appliance.analysis.grain import GrainWatch, calmed_still
from appliance.analysis.live_upright import UprightWatch
from appliance.analysis.matching import Shift
from appliance.analysis.measure import MeasuredLoop, measure_loops, usable_calibration
from appliance.analysis.metrics import count_metrics
from appliance.analysis.orientation import UPRIGHT, Orientation, find_orientation
from appliance.analysis.quality import PictureFigures, grade, measure_picture, shift_between
from appliance.analysis.row_fit import RowCurve
from appliance.analysis.settings import AnalysisSettings
from appliance.analysis.size import classify_size, settle_morphology
from appliance.analysis.stopwatch import Stopwatch
from appliance.analysis.turned_view import view_of_turn
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import Calibration
from appliance.domain.detection import BoundingBox, HaemorrhageDetection, Row
from appliance.domain.frame import Frame
from appliance.domain.keypoints import LoopKeypoints
from appliance.domain.measurement import Capillary
from appliance.ports import EngineSet


@dataclass(frozen=True)
class _Examination:
    """What one picture says of itself: its figures, its shift, the shift again where the tracker may rely on it."""

    figures: PictureFigures
    shift: Shift | None = None
    trusted_shift: Shift | None = None
    is_blanched: bool = False


@dataclass(frozen=True)
class _Seen:
    """What a result is made of, beside its measured loops."""

    frame: Frame
    calibration: Calibration | None
    examination: _Examination
    haemorrhages: tuple[HaemorrhageDetection, ...]
    orientation: Orientation = UPRIGHT
    is_still: bool = False


class Pipeline:
    """Analyses frames, one at a time, from one thread.

    Args:
        engines: the two networks and what they are; the pipeline never closes them.
        calibration: scale of the camera; None, or one for another frame size, leaves every micrometre unmeasured.
        settings: thresholds of quality control and tracking.
        perf_counter: seconds that only go up, for `stage_ms`.
        figures_of: quality control of a picture; another one for a picture that is larger than a camera's frame.
    """

    def __init__(
        self,
        engines: EngineSet,
        calibration: Calibration | None = None,
        settings: AnalysisSettings | None = None,
        perf_counter: Callable[[], float] = time.perf_counter,
        figures_of: Callable[[NDArray[np.uint8]], PictureFigures] = measure_picture,
    ) -> None:
        self._engines = engines
        self._calibration = calibration
        self._settings = settings if settings is not None else AnalysisSettings()
        self._perf_counter = perf_counter
        self._follower = Follower(self._settings)
        self._previous: PictureFigures | None = None
        self._figures_of = figures_of
        self._blanching = BlanchingWatch(self._settings)
        self._grain = GrainWatch()
        self._upright = UprightWatch()
        # Quality control looks at the same picture while the detector holds the GPU, and costs the frame nothing.
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="quality")

    @property
    def calibration(self) -> Calibration | None:
        """The scale of the frames to come."""
        return self._calibration

    def use_calibration(self, calibration: Calibration | None) -> None:
        """Measure by another scale from the next frame on; safe from any thread."""
        self._calibration = calibration

    def analyse(self, frame: Frame, *, track: bool) -> FrameAnalysis:
        """Everything found in one frame.

        Args:
            track: follow capillaries from the previous tracked frame, which gives ids, smoothed widths and classes and
                the picture's motion; not every loop is measured in every frame (following.py), and the result's
                `as_still` catches up on that. A still is analysed for itself and leaves the tracks as they are; it
                has time to be looked at closely, and upright however the finger lies in it.

        Raises:
            InferenceError: an engine failed.
        """
        watch = Stopwatch(self._perf_counter)
        examined = self._beside.submit(self._examine, frame, track)
        calibration = usable_calibration(self._calibration, frame.width_px, frame.height_px)
        if track:
            return self._follow(frame, calibration, examined, watch)
        return self._analyse_closely(frame, calibration, examined, watch)

    def _follow(
        self, frame: Frame, calibration: Calibration | None, examined: Future[_Examination], watch: Stopwatch
    ) -> FrameAnalysis:
        um_per_px = None if calibration is None else calibration.um_per_px
        picture = self._grain.calmed(frame.image_rgb, frame.captured_monotonic_s)
        view = view_of_turn(frame.width_px, frame.height_px, self._upright.turn_rad)
        shown = view.show(picture)
        found = self._engines.detector.detect(shown)
        self._upright.look(self._engines.detector, picture, shown, found, frame.captured_monotonic_s)
        found = view.shown_of(found)
        detections = view.detections_back(found)
        watch.lap("detector")
        examination = examined.result()
        watch.lap("quality")
        located = self._follower.locate(
            detections.capillaries,
            (frame.width_px, frame.height_px),
            frame.captured_monotonic_s,
            examination.trusted_shift,
        )
        watch.lap("track")
        keypoints = view.keypoints_back(self._locate(shown, [found.capillaries[at].bbox for at in located.due]))
        watch.lap("keypoints")
        followed = located.measured(keypoints, um_per_px)
        watch.lap("measure")
        seen = _Seen(frame, calibration, examination, detections.haemorrhages, Orientation(view.turn_rad))

        def as_still() -> FrameAnalysis:
            return self._analyse_closely(frame, calibration, examined, Stopwatch(self._perf_counter), followed)

        return self._concluded(seen, followed.loops, watch, as_still)

    def _analyse_closely(
        self,
        frame: Frame,
        calibration: Calibration | None,
        examined: Future[_Examination],
        watch: Stopwatch,
        followed: FollowedFrame | None = None,
    ) -> FrameAnalysis:
        """The result of a still; of one out of a video, the loops that were followed keep their smoothed widths."""
        um_per_px = None if calibration is None else calibration.um_per_px
        detector, stills = self._engines.detector, self._engines.stills
        # Without an engine for stills there is no time for more than one view.
        picture = calmed_still(frame.image_rgb)
        orientation = UPRIGHT if stills is None else find_orientation(detector, picture)
        view = view_of_turn(frame.width_px, frame.height_px, orientation.turn_rad)
        picture = view.show(picture)
        detections = detector.detect(picture) if stills is None else stills.detect(picture, um_per_px)
        watch.lap("detector")
        examination = examined.result()
        watch.lap("quality")
        watch.lap("track")
        keypoints = self._locate(picture, [capillary.bbox for capillary in detections.capillaries])
        watch.lap("keypoints")
        loops = view.loops_back(measure_loops(detections.capillaries, keypoints, um_per_px))
        haemorrhages = view.haemorrhages_back(detections.haemorrhages)
        if followed is not None:
            loops = followed.recognised(loops)
        watch.lap("measure")
        seen = _Seen(frame, calibration, examination, haemorrhages, orientation, is_still=stills is not None)
        return self._concluded(seen, loops, watch)

    def _concluded(
        self,
        seen: _Seen,
        loops: Sequence[MeasuredLoop],
        watch: Stopwatch,
        as_still: Callable[[], FrameAnalysis] | None = None,
    ) -> FrameAnalysis:
        """The result, given the measured loops: rows, classes, verdict and figures."""
        frame, calibration, examination = seen.frame, seen.calibration, seen.examination
        um_per_px = None if calibration is None else calibration.um_per_px
        loops, row = _with_rows(loops, frame.width_px, frame.height_px, seen.orientation.turn_rad)
        watch.lap("row")
        capillaries = tuple(_settle(loop) for loop in loops)
        distal = sum(capillary.row is Row.DISTAL for capillary in capillaries)
        quality = grade(
            examination.figures,
            examination.shift,
            len(loops),
            frame.width_px,
            self._settings,
            framing=framing_of(loops, distal, row, frame.width_px, is_still=seen.is_still),
            is_blanched=examination.is_blanched,
            is_turned=not seen.orientation.is_known,
        )
        hidden = examination.figures.hidden
        hidden_px = () if hidden is None else areas_of(hidden, frame.width_px, frame.height_px)
        counted = None if row is None else counted_row(row, row_apices(loops, row), hidden_px)
        density = measure_density(row, distal, um_per_px, quality.is_evaluable, counted)
        metrics = count_metrics(capillaries, len(seen.haemorrhages), density)
        watch.lap("metrics")
        return FrameAnalysis(
            seq=frame.seq,
            captured_monotonic_s=frame.captured_monotonic_s,
            captured_at_utc=frame.captured_at_utc,
            width_px=frame.width_px,
            height_px=frame.height_px,
            um_per_px=um_per_px,
            calibration_id=None if calibration is None else calibration.calibration_id,
            quality=quality,
            capillaries=capillaries,
            haemorrhages=seen.haemorrhages,
            metrics=metrics,
            identity=self._engines.identity,
            stage_ms=watch.total(),
            um_per_px_uncertainty=None if calibration is None else calibration.uncertainty_um_per_px,
            hidden_px=hidden_px,
            counted_row_px=() if counted is None else counted.stretches_px,
            as_still=as_still,
        )

    def _locate(self, picture_rgb: NDArray[np.uint8], boxes: Sequence[BoundingBox]) -> tuple[LoopKeypoints, ...]:
        return self._engines.keypoints.estimate(picture_rgb, boxes) if boxes else ()

    def _examine(self, frame: Frame, track: bool) -> _Examination:
        """Figures of the picture and, in a video, what changed since the one before."""
        figures = self._figures_of(frame.image_rgb)
        if not track:
            return _Examination(figures)
        moved = None if self._previous is None else shift_between(self._previous, figures)
        self._previous = figures
        shift, is_trusted = (None, False) if moved is None else moved
        trusted = shift if is_trusted else None
        of_width = None if trusted is None else (trusted[0] / frame.width_px, trusted[1] / frame.width_px)
        is_blanched = self._blanching.look(figures, frame.captured_monotonic_s, of_width)
        return _Examination(figures, shift, trusted, is_blanched)


def _with_rows(
    loops: Sequence[MeasuredLoop], width_px: int, height_px: int, turn_rad: float
) -> tuple[tuple[MeasuredLoop, ...], RowCurve | None]:
    """The loops with their rows, and the curve of the distal one, of a finger turned clockwise by about `turn_rad`.

    In a video the loops that have an id decide, as soon as there are any: a false detection that flickers ahead of the
    row would cover the loops behind it for just that frame.
    """
    confirmed = [at for at, loop in enumerate(loops) if loop.track_id is not None]
    eligible = confirmed or list(range(len(loops)))
    found = find_distal_row([loops[at] for at in eligible], width_px, height_px, turn_rad)
    distal = {at for at, is_distal in zip(eligible, found.is_distal, strict=True) if is_distal}
    rows = (Row.DISTAL if at in distal else Row.OTHER for at in range(len(loops)))
    placed = (loop if loop.row is row else loop.in_row(row) for loop, row in zip(loops, rows, strict=True))
    return tuple(placed), found.curve


def _settle(loop: MeasuredLoop) -> Capillary:
    """The finished capillary, its calibre and shape decided."""
    size, basis = classify_size(loop)
    return Capillary(
        bbox=loop.bbox,
        score=loop.detection.score,
        track_id=loop.track_id,
        row=loop.row,
        morphology=settle_morphology(loop.detection.morphology, size, basis),
        size=size,
        size_basis=basis,
        apex_px=loop.apex_px,
        apical=loop.apical,
        arterial=loop.arterial,
        venous=loop.venous,
    )
