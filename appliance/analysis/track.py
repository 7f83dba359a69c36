"""What is remembered of one loop from frame to frame."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from appliance.analysis.matching import Shift
from appliance.analysis.measure import MeasuredLoop, PossibleWidths
from appliance.domain.detection import BoundingBox, CapillaryDetection, Morphology, Row, SizeClass
from appliance.domain.keypoints import LoopKeypoints, WidthSegment
from appliance.domain.measurement import MeasuredWidth

T = TypeVar("T")
Memory = Mapping[str, Sequence[float]]
"""Widths in pixels by the names of a loop's three, oldest first."""

Usual = Mapping[str, float]
"""The usual one of each (`usual`)."""

FULL_COLUMN = 0.8
"""The usual one of several widths is this quantile of them. A plasma gap that passes the place narrows the column, and
nothing widens it: where cells flow in trains the median lies too low. This quantile is about as much too low with gaps
as it is too high without any (docs/decisions/2026-12-01-widths-of-flowing-loops.md)."""

SURPRISE = 0.25
"""A width that differs from its running median by more than this share says that the loop changed, or that the network
was wrong: it is looked at again in the next frame. On rendered videos one width in thirty does."""


@dataclass(frozen=True)
class LoopMeasurement:
    """Where a loop was measured last: the network's points, the box they were found in, and when."""

    keypoints: LoopKeypoints
    box: BoundingBox
    at_s: float


@dataclass
class Track:
    """One loop that is followed.

    Attributes:
        bbox: where it was seen last, carried along by the common shift while it is missed.
        smoothing_frames: over how many frames classes are voted.
        smoothing_measurements: over how many measurements widths are smoothed.
        track_id: None until confirmed.
        hits: frames in which it was seen.
        missed: frames in a row in which it was not.
        last: its newest measurement; None before the first.
        measurements: how often it was measured.
        moved_px: how far the nailfold moved since `last`.
        is_unsure: `last` lacks a width that was there before, or one of its widths is a surprise.
        memory: the widths that are smoothed over.
        usual_px: the usual one of each.
    """

    bbox: BoundingBox
    smoothing_frames: int
    smoothing_measurements: int
    track_id: int | None = None
    hits: int = 0
    missed: int = 0
    last: LoopMeasurement | None = None
    measurements: int = 0
    moved_px: Shift = (0.0, 0.0)
    is_unsure: bool = False
    memory: Memory = field(default_factory=dict)
    usual_px: Usual = field(default_factory=dict)
    _shapes: "_Ballots[Morphology]" = field(init=False)
    _sizes: "_Ballots[SizeClass]" = field(init=False)

    def __post_init__(self) -> None:
        self._shapes, self._sizes = _Ballots(self.smoothing_frames), _Ballots(self.smoothing_frames)

    def locate(self, bbox: BoundingBox, shift_px: Shift) -> None:
        """Seen in this frame, in which the nailfold moved by that much."""
        self.bbox, self.missed = bbox, 0
        self.hits += 1
        self._move(shift_px)

    def miss(self, shift_px: Shift) -> None:
        """Not seen in this frame: move along with the others."""
        self.missed += 1
        self.bbox = replace(self.bbox, x=self.bbox.x + shift_px[0], y=self.bbox.y + shift_px[1])
        self._move(shift_px)

    def vote(self, detection: CapillaryDetection) -> CapillaryDetection:
        """This frame's detection with the classes that have most votes, weighted by score; of equals the latest."""
        shape = self._shapes.vote(detection.morphology, detection.score)
        size = self._sizes.vote(detection.size_by_appearance, detection.score)
        if shape is detection.morphology and size is detection.size_by_appearance:
            return detection
        return replace(detection, morphology=shape, size_by_appearance=size)

    def remember(self, measurement: LoopMeasurement, loop: MeasuredLoop) -> None:
        """The loop was measured in this frame."""
        self.last, self.moved_px = measurement, (0.0, 0.0)
        self.measurements += 1
        self.is_unsure = False
        # Frames share what they remember: it is replaced, never changed.
        memory, usual_px = dict(self.memory), dict(self.usual_px)
        for name, width in named_widths(loop).items():
            remembered = memory.get(name, ())
            if width is None:
                self.is_unsure |= bool(remembered)
                continue
            memory[name] = remembered = (*remembered, width.px)[-self.smoothing_measurements :]
            ordered = sorted(remembered)
            usual_px[name] = _usual_of(ordered)
            self.is_unsure |= abs(width.px / _middle_of(ordered) - 1) > SURPRISE
        self.memory, self.usual_px = memory, usual_px

    def carried(self, detection: CapillaryDetection, um_per_px: float | None) -> MeasuredLoop:
        """This frame's loop by the points of the newest measurement, moved along with the nailfold; needs one.

        In one step, as most loops of most frames go this way: `smoothed(measure_loop(...))` of the moved points.
        """
        assert self.last is not None
        points, by, usual_px = self.last.keypoints, self.moved_px, self.usual_px
        possible = PossibleWidths(detection.bbox)
        apical = possible.measured(_shifted(points.apical, by), um_per_px, usual_px.get("apical"))
        arterial = possible.measured(_shifted(points.arterial, by), um_per_px, usual_px.get("arterial"))
        venous = possible.measured(_shifted(points.venous, by), um_per_px, usual_px.get("venous"))
        apex_px = None if apical is None else apical.segment.start_px
        return MeasuredLoop(detection, apex_px, apical, arterial, venous, Row.OTHER, self.track_id)

    def _move(self, shift_px: Shift) -> None:
        self.moved_px = (self.moved_px[0] + shift_px[0], self.moved_px[1] + shift_px[1])


def named_widths(loop: MeasuredLoop) -> dict[str, MeasuredWidth | None]:
    """All three by their names."""
    return {"apical": loop.apical, "arterial": loop.arterial, "venous": loop.venous}


def usual(memory: Memory) -> Usual:
    """The usual one of each width."""
    return {name: _usual_of(sorted(widths)) for name, widths in memory.items()}


def _middle_of(ordered: Sequence[float]) -> float:
    """The median of at least one, which are sorted already."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _usual_of(ordered: Sequence[float]) -> float:
    """The quantile FULL_COLUMN of at least one, between its neighbours. Not numpy's: it takes twenty times as long."""
    below, share = divmod(FULL_COLUMN * (len(ordered) - 1), 1.0)
    at = int(below)
    return ordered[at] + share * (ordered[min(at + 1, len(ordered) - 1)] - ordered[at])


def smoothed(loop: MeasuredLoop, usual_px: Usual, track_id: int | None) -> MeasuredLoop:
    """The loop with its id and each width replaced by the usual one, so that one bad frame does not drag it. Where the
    loop has no such width the answer has none either: there is no segment to show.
    """
    # Not dataclasses.replace: it takes four times as long, for every loop of every frame.
    return MeasuredLoop(
        loop.detection,
        loop.apex_px,
        _smooth(loop.apical, usual_px.get("apical")),
        _smooth(loop.arterial, usual_px.get("arterial")),
        _smooth(loop.venous, usual_px.get("venous")),
        loop.row,
        track_id,
    )


def _smooth(width: MeasuredWidth | None, px: float | None) -> MeasuredWidth | None:
    if width is None or px is None:
        return width
    return MeasuredWidth(width.segment, px, None if width.um is None else width.um * px / width.px)


def _shifted(segment: WidthSegment | None, by: Shift) -> WidthSegment | None:
    if segment is None:
        return None
    (x0, y0), (x1, y1) = segment.start_px, segment.end_px
    return WidthSegment((x0 + by[0], y0 + by[1]), (x1 + by[0], y1 + by[1]))


class _Ballots(Generic[T]):
    """The last votes on one class, each with its weight."""

    def __init__(self, most: int) -> None:
        self._cast: deque[tuple[T, float]] = deque(maxlen=most)
        self._alike = 0

    def vote(self, ballot: T, weight: float) -> T:
        """What has most votes after this one; of equals the latest."""
        self._alike = self._alike + 1 if self._cast and self._cast[-1][0] is ballot else 1
        self._cast.append((ballot, weight))
        return ballot if self._alike >= len(self._cast) else self._winner()

    def _winner(self) -> T:
        # Told apart by identity: a member of an Enum as a key is hashed in Python, longer than all the rest takes.
        choices: list[T] = []
        sums: list[float] = []
        for choice, weight in reversed(self._cast):
            for at, known in enumerate(choices):
                if known is choice:
                    sums[at] += weight
                    break
            else:
                choices.append(choice)
                sums.append(weight)
        return choices[sums.index(max(sums))]
