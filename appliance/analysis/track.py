"""What is remembered of one loop from frame to frame."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TypeVar

from appliance.analysis.measure import MeasuredLoop
from appliance.domain.detection import BoundingBox, Morphology, SizeClass
from appliance.domain.measurement import MeasuredWidth

T = TypeVar("T")


@dataclass
class Track:
    """One loop that is followed.

    Attributes:
        bbox: where it was seen last, carried along by the common shift while it is missed.
        smoothing_frames: how much is remembered.
        track_id: None until confirmed.
        hits: frames in which it was seen.
        missed: frames in a row in which it was not.
    """

    bbox: BoundingBox
    smoothing_frames: int
    track_id: int | None = None
    hits: int = 0
    missed: int = 0
    _widths_px: dict[str, deque[float]] = field(default_factory=dict)
    _shapes: deque[tuple[Morphology, float]] = field(init=False)
    _sizes: deque[tuple[SizeClass, float]] = field(init=False)

    def __post_init__(self) -> None:
        self._shapes = deque(maxlen=self.smoothing_frames)
        self._sizes = deque(maxlen=self.smoothing_frames)

    def see(self, loop: MeasuredLoop) -> MeasuredLoop:
        """Remember this frame's loop and give it back with smoothed widths and classes.

        A width is the running median of the frames in which it was measurable, so one bad frame does not drag it. Where
        this frame has no such width the answer has none either: there is no segment to show. Classes are those
        with most votes, weighted by score; of equals the latest.
        """
        self.bbox, self.missed = loop.bbox, 0
        self.hits += 1
        score = loop.detection.score
        detection = replace(
            loop.detection,
            morphology=_vote(self._shapes, loop.detection.morphology, score),
            size_by_appearance=_vote(self._sizes, loop.detection.size_by_appearance, score),
        )
        return replace(
            loop,
            detection=detection,
            apical=self._smooth("apical", loop.apical),
            arterial=self._smooth("arterial", loop.arterial),
            venous=self._smooth("venous", loop.venous),
            track_id=self.track_id,
        )

    def miss(self, shift_px: tuple[float, float]) -> None:
        """Not seen in this frame: move along with the others."""
        self.missed += 1
        self.bbox = replace(self.bbox, x=self.bbox.x + shift_px[0], y=self.bbox.y + shift_px[1])

    def _smooth(self, name: str, width: MeasuredWidth | None) -> MeasuredWidth | None:
        if width is None:
            return None
        remembered = self._widths_px.setdefault(name, deque(maxlen=self.smoothing_frames))
        remembered.append(width.px)
        px = median(remembered)
        return MeasuredWidth(width.segment, px, None if width.um is None else width.um * px / width.px)


def _vote(ballots: deque[tuple[T, float]], ballot: T, weight: float) -> T:
    ballots.append((ballot, weight))
    if all(choice == ballot for choice, _ in ballots):
        return ballot
    return _winner(list(ballots))


def _winner(ballots: Sequence[tuple[T, float]]) -> T:
    count: Counter[T] = Counter()
    for choice, weight in reversed(ballots):
        count[choice] += weight  # type: ignore[assignment]  # weights are fractional
    return max(count, key=count.__getitem__)
