"""Which loops of a video frame the keypoint network looks at, and what stands for the others.

A loop is measured when it is new, when it or the picture moved in a way that the last measurement cannot follow, when
that measurement was a surprise, and otherwise in turn, every `track_remeasure_s` at the latest. Between two of them its
points move along with the nailfold and its widths stay. What an exam keeps is analysed as a still, and every loop of
it is measured in that very frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.analysis.matching import Shift, match_boxes
from appliance.analysis.measure import MeasuredLoop, measure_loop
from appliance.analysis.settings import AnalysisSettings
from appliance.analysis.track import LoopMeasurement, Memory, Track, named_widths, smoothed, usual
from appliance.analysis.tracking import Tracker
from appliance.domain.detection import CapillaryDetection
from appliance.domain.keypoints import LoopKeypoints

SETTLED_AFTER = 3
"""A new loop is measured in so many frames in a row before it waits for its turn."""

TRAVELLED_SIDES = 0.5
"""Moved by more than this, in longer sides of its box, a loop lies elsewhere under the lens and the light."""

ASTRAY_SIDES = 0.25
"""Off by more than this, in shorter sides of its box, from where the common shift puts it, it has moved by itself or
may be its neighbour, which lies at least one side away."""

RESIZED = 0.25
"""A box whose side changed by more than this share shows another part of the loop."""

SAME_IOU = 0.5
"""What was found anew is a loop that was followed where their boxes overlap by this much; its neighbour's do not."""


@dataclass(frozen=True)
class FollowedFrame:
    """The loops of one frame.

    Attributes:
        loops: in the order of the detections, with ids, smoothed widths and classes.
        memories: the widths that are remembered of each.
    """

    loops: tuple[MeasuredLoop, ...]
    memories: tuple[Memory, ...]

    def recognised(self, loops: Sequence[MeasuredLoop]) -> tuple[MeasuredLoop, ...]:
        """Loops that were found and measured anew in this very frame, with the widths smoothed over what is remembered
        of those that were followed. None has an id: they are the loops of a still.
        """
        before = [loop.bbox for loop in self.loops]
        pairs = match_boxes(before, [loop.bbox for loop in loops], [(0.0, 0.0)]).pairs
        known = {new: old for old, new in pairs if before[old].iou(loops[new].bbox) >= SAME_IOU}
        return tuple(
            smoothed(loop, usual(_with_own(self.memories[known[at]], loop)), None) if at in known else loop
            for at, loop in enumerate(loops)
        )


class Follower:
    """Follows and measures the loops of one video, from one thread."""

    def __init__(self, settings: AnalysisSettings) -> None:
        self._settings = settings
        self._tracker = Tracker(settings)
        self._at_s = -math.inf

    def locate(
        self,
        detections: Sequence[CapillaryDetection],
        frame_size_px: tuple[int, int],
        at_s: float,
        shift_hint_px: Shift | None,
    ) -> "LocatedLoops":
        """Whose loops these are and which of them are to be measured; the arguments are those of `Tracker.follow`."""
        boxes = [one.bbox for one in detections]
        tracked = self._tracker.follow(boxes, frame_size_px, at_s, shift_hint_px)
        since_s, self._at_s = at_s - self._at_s, at_s
        everything = tuple(range(len(boxes)))
        due = self._due(tracked.tracks, at_s, since_s) if tracked.is_vouched_for else everything
        return LocatedLoops(tuple(detections), tracked.tracks, due, at_s)

    def _due(self, tracks: Sequence[Track], at_s: float, since_s: float) -> tuple[int, ...]:
        """Those that must be measured, and so many of the others that each has its turn in time, oldest first."""
        every_s = self._settings.track_remeasure_s
        ages_s = [math.inf if track.last is None else at_s - track.last.at_s for track in tracks]
        due = [at for at, track in enumerate(tracks) if ages_s[at] >= every_s or _must_be_measured(track)]
        in_turn = math.ceil(len(tracks) * min(1.0, since_s / every_s)) if every_s > 0 else len(tracks)
        if len(due) < in_turn:
            others = sorted(set(range(len(tracks))).difference(due), key=lambda at: -ages_s[at])
            due += others[: in_turn - len(due)]
        return tuple(sorted(due))


@dataclass(frozen=True)
class LocatedLoops:
    """The loops of one frame before they are measured.

    Attributes:
        due: which of `detections` are to be measured, in rising order.
    """

    detections: tuple[CapillaryDetection, ...]
    tracks: tuple[Track, ...]
    due: tuple[int, ...]
    at_s: float

    def measured(self, keypoints: Sequence[LoopKeypoints], um_per_px: float | None) -> FollowedFrame:
        """All loops, given the points of those that were due, in the same order; called once."""
        found = dict(zip(self.due, keypoints, strict=True))
        loops, memories = [], []
        for at, (detection, track) in enumerate(zip(self.detections, self.tracks, strict=True)):
            points = found.get(at)
            voted = track.vote(detection)
            if points is None:
                loops.append(track.carried(voted, um_per_px))
            else:
                loop = measure_loop(voted, points, um_per_px)
                track.remember(LoopMeasurement(points, detection.bbox, self.at_s), loop)
                loops.append(smoothed(loop, track.usual_px, track.track_id))
            memories.append(track.memory)
        return FollowedFrame(tuple(loops), tuple(memories))


def _with_own(memory: Memory, loop: MeasuredLoop) -> Memory:
    return {name: (*memory.get(name, ()), width.px) for name, width in named_widths(loop).items() if width is not None}


def _must_be_measured(track: Track) -> bool:
    if track.last is None or track.measurements < SETTLED_AFTER or track.is_unsure:
        return True
    before, now, (dx, dy) = track.last.box, track.bbox, track.moved_px
    if math.hypot(dx, dy) > TRAVELLED_SIDES * max(now.w, now.h):
        return True
    (x0, y0), (x1, y1) = before.centre, now.centre
    if math.hypot(x1 - x0 - dx, y1 - y0 - dy) > ASTRAY_SIDES * min(now.w, now.h):
        return True
    return abs(now.w / before.w - 1) > RESIZED or abs(now.h / before.h - 1) > RESIZED
