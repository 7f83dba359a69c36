"""Stable identities for the loops of a video."""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.analysis.matching import Matching, Shift, match_boxes
from appliance.analysis.settings import AnalysisSettings
from appliance.analysis.track import Track
from appliance.domain.detection import BoundingBox

CUT_NEEDS_LOOPS = 3
"""With fewer loops before or after, losing all of them proves nothing."""

CUT_BELOW_MATCHED = 0.2
"""A smaller share of loops found again means another finger or sector: loops do not vanish together."""

AGREES_WITHIN_PX = 4.0
AGREES_WITHIN_OF_WIDTH = 0.006
"""How far the loops' common shift may be from the picture's own before neither is trusted: far less than the distance
of two loops, which are 60 to 200 um apart, and more than boxes tremble."""


@dataclass(frozen=True)
class Tracked:
    """The loops of one frame.

    Attributes:
        tracks: one a box, in the same order.
        is_vouched_for: the picture itself moved as its loops did, so that none was taken for its neighbour.
    """

    tracks: tuple[Track, ...]
    is_vouched_for: bool


class Tracker:
    """Follows loops through a video from one thread. Ids count up and are never used again, not even after a reset."""

    def __init__(self, settings: AnalysisSettings | None = None) -> None:
        self._settings = settings if settings is not None else AnalysisSettings()
        self._tracks: list[Track] = []
        self._next_id = 1
        self._shift: Shift = (0.0, 0.0)
        self._seen: tuple[int, int, float] | None = None

    def follow(
        self,
        boxes: Sequence[BoundingBox],
        frame_size_px: tuple[int, int],
        monotonic_s: float,
        shift_hint_px: Shift | None = None,
    ) -> Tracked:
        """The track of each box.

        A loop gets its id when it is seen for the second time (None before), keeps it through missed frames and loses
        it for good afterwards. Another frame size, a long pause or a scene cut starts everything anew.

        Args:
            frame_size_px: width and height.
            monotonic_s: capture time.
            shift_hint_px: (dx, dy) of the picture against the previous frame, where quality control measured one.
        """
        self._forget_if_new_scene(frame_size_px, monotonic_s)
        hints = [self._shift, (0.0, 0.0)] if shift_hint_px is None else [shift_hint_px, self._shift, (0.0, 0.0)]
        matching = match_boxes([track.bbox for track in self._tracks], boxes, hints)
        if self._is_cut(len(boxes), len(matching.pairs)):
            self._tracks, self._shift = [], (0.0, 0.0)
            return Tracked(tuple(self._start(box) for box in boxes), is_vouched_for=False)
        # A shift is carried over only where matches confirmed it.
        self._shift = matching.shift_px if matching.pairs else (0.0, 0.0)
        track_of = {new: self._tracks[old] for old, new in matching.pairs}
        self._miss_all_but({id(track) for track in track_of.values()})
        tracks = tuple(
            self._see(track_of[at], box) if at in track_of else self._start(box) for at, box in enumerate(boxes)
        )
        return Tracked(tracks, _agrees(matching, shift_hint_px, frame_size_px[0]))

    def _forget_if_new_scene(self, frame_size_px: tuple[int, int], monotonic_s: float) -> None:
        last, self._seen = self._seen, (*frame_size_px, monotonic_s)
        if last is None:
            return
        is_pause = not 0 <= monotonic_s - last[2] <= self._settings.track_max_gap_s
        if is_pause or last[:2] != frame_size_px:
            self._tracks, self._shift = [], (0.0, 0.0)

    def _is_cut(self, loops: int, matched: int) -> bool:
        # Tracks that are coasting may have left for good; only those of the last frame count as lost.
        present = sum(track.missed == 0 for track in self._tracks)
        return min(present, loops) >= CUT_NEEDS_LOOPS and matched < CUT_BELOW_MATCHED * min(present, loops)

    def _miss_all_but(self, seen: set[int]) -> None:
        for track in self._tracks:
            if id(track) not in seen:
                track.miss(self._shift)
        self._tracks = [track for track in self._tracks if self._is_alive(track)]

    def _is_alive(self, track: Track) -> bool:
        # An unconfirmed loop that is missed once was a flicker.
        return track.missed == 0 or (
            track.track_id is not None and track.missed <= self._settings.track_max_missed_frames
        )

    def _start(self, box: BoundingBox) -> Track:
        track = Track(box, self._settings.track_smoothing_frames, self._settings.track_smoothing_measurements)
        self._tracks.append(track)
        return self._see(track, box)

    def _see(self, track: Track, box: BoundingBox) -> Track:
        track.locate(box, self._shift)
        if track.track_id is None and track.hits >= self._settings.track_confirm_hits:
            track.track_id, self._next_id = self._next_id, self._next_id + 1
        return track


def _agrees(matching: Matching, hint_px: Shift | None, width_px: int) -> bool:
    if hint_px is None or not matching.pairs:
        return False
    limit_px = max(AGREES_WITHIN_PX, AGREES_WITHIN_OF_WIDTH * width_px)
    return all(abs(loops - picture) <= limit_px for loops, picture in zip(matching.shift_px, hint_px, strict=True))
