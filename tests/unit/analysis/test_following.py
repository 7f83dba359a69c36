"""Which loops are measured in a frame, and that no width outlives its loop or its time."""

from collections.abc import Sequence

import pytest

from appliance.analysis.following import FollowedFrame, Follower
from appliance.analysis.measure import MeasuredLoop
from appliance.analysis.settings import AnalysisSettings
from tests.support.rendered import points_of

FRAME_S = 1 / 30
ROW = [(60.0 + 55.0 * at, 100.0 + 3.0 * (at % 3)) for at in range(10)]
STILL = (0.0, 0.0)
REMEASURE_S = AnalysisSettings().track_remeasure_s


class Video:
    """Loops under a scope at 30 frames a second; `asked` are the indices that the network saw in the newest frame."""

    def __init__(self) -> None:
        self.follower = Follower(AnalysisSettings())
        self.now_s = 0.0
        self.asked: tuple[int, ...] = ()

    def show(self, loops: Sequence[MeasuredLoop], hint: tuple[float, float] | None = STILL) -> FollowedFrame:
        self.now_s += FRAME_S
        located = self.follower.locate([loop.detection for loop in loops], (640, 480), self.now_s, hint)
        self.asked = located.due
        return located.measured([points_of(loops[at]) for at in located.due], 1.0)


@pytest.fixture
def settled(make_loop) -> Video:
    """Ten loops that were seen for a second."""
    video = Video()
    for _ in range(30):
        video.show([make_loop(apex) for apex in ROW])
    return video


def _apical_px(frame: FollowedFrame, at: int) -> float:
    apical = frame.loops[at].apical
    assert apical is not None
    return apical.px


def test_each_loop_has_its_turn_in_time_and_no_frame_has_many(settled: Video, make_loop) -> None:
    last_s = [settled.now_s] * len(ROW)
    for step in range(60):
        settled.show([make_loop(apex) for apex in ROW])
        assert len(settled.asked) <= 3, "a fifth of the loops, and not all of them at once now and then"
        for at in settled.asked:
            last_s[at] = settled.now_s
        if step > 10:
            assert settled.now_s - min(last_s) <= REMEASURE_S + FRAME_S


def test_a_new_loop_is_measured_at_once(settled: Video, make_loop) -> None:
    new = len(ROW)
    for _ in range(3):
        settled.show([make_loop(apex) for apex in [*ROW, (330.0, 300.0)]])
        assert new in settled.asked


@pytest.mark.parametrize(("grown_px", "within_s"), [(13.5, 0.75), (18.0, 0.3), (6.0, 0.75)])
def test_a_width_that_changes_is_followed(settled: Video, make_loop, grown_px: float, within_s: float) -> None:
    began_s = settled.now_s
    pending = set(range(len(ROW)))
    while pending:
        frame = settled.show([make_loop(apex, widths=(grown_px, 9.0, 13.0)) for apex in ROW])
        pending = {at for at in pending if _apical_px(frame, at) != pytest.approx(grown_px)}
        assert settled.now_s - began_s <= within_s + 1e-6 or not pending


def test_between_two_measurements_the_points_move_with_the_nailfold(settled: Video, make_loop) -> None:
    moved = [(x + 5.0, y - 2.0) for x, y in ROW]
    # Another width in this frame tells what was measured from what was carried.
    frame = settled.show([make_loop(apex, widths=(12.6, 9.0, 13.0)) for apex in moved], hint=(5.0, -2.0))
    assert 0 < len(settled.asked) < len(ROW)
    for at, loop in enumerate(frame.loops):
        assert loop.apical is not None
        assert loop.apical.segment.start_px == pytest.approx(moved[at])
        assert loop.apical.segment.length_px == pytest.approx(12.6 if at in settled.asked else 12.0)


@pytest.mark.parametrize("hint", [None, (55.0, 0.0)])
def test_where_the_picture_does_not_vouch_for_the_shift_every_loop_is_measured(
    settled: Video, make_loop, hint: tuple[float, float] | None
) -> None:
    """An even row that moves by one loop looks like one that rests: each would get its neighbour's width."""
    settled.show([make_loop(apex, widths=(20.0, 9.0, 13.0)) for apex in ROW], hint)
    assert settled.asked == tuple(range(len(ROW)))


def test_a_loop_that_moves_by_itself_is_measured(settled: Video, make_loop) -> None:
    x, y = ROW[4]
    for at in range(2):
        settled.show([make_loop(apex) for apex in [*ROW[:4], (x + 12.0 * (at + 1), y), *ROW[5:]]])
        assert 4 in settled.asked


def test_a_loop_whose_box_changes_its_size_is_measured(settled: Video, make_loop) -> None:
    settled.show([*(make_loop(apex) for apex in ROW[:-1]), make_loop(ROW[-1], size=(30.0, 52.0))])
    assert len(ROW) - 1 in settled.asked


def test_a_loop_that_travelled_far_under_the_lens_is_measured(settled: Video, make_loop) -> None:
    settled.show([make_loop((x, y + 42.0)) for x, y in ROW], hint=(0.0, 42.0))
    assert settled.asked == tuple(range(len(ROW))), "42 px is more than half of 80"


def test_a_width_that_vanished_is_looked_for_in_the_next_frame(settled: Video, make_loop) -> None:
    dim = [make_loop(apex, widths=(None, 9.0, 13.0)) for apex in ROW]
    settled.show(dim)
    first = settled.asked
    settled.show(dim)
    assert set(first) <= set(settled.asked)


def test_a_loop_that_came_back_after_a_pause_is_not_shown_with_its_old_width(settled: Video, make_loop) -> None:
    for _ in range(6):
        settled.show([make_loop(apex) for apex in ROW[:-1]])
    frame = settled.show([make_loop(apex, widths=(12.6, 9.0, 13.0)) for apex in ROW])
    assert len(ROW) - 1 in settled.asked
    assert frame.loops[-1].apical is not None
    assert frame.loops[-1].apical.segment.length_px == pytest.approx(12.6)


def test_what_is_found_anew_keeps_the_smoothed_widths_of_the_loops_that_were_followed(
    settled: Video, make_loop
) -> None:
    frame = settled.show([make_loop(apex) for apex in ROW])
    anew = [make_loop((x + 4.0, y), widths=(12.6, 9.0, 13.0)) for x, y in ROW[::-1]]
    for loop in frame.recognised(anew):
        assert loop.apical is not None
        assert loop.apical.segment.length_px == pytest.approx(12.6), "the line lies where this frame's edges are"
        assert loop.apical.px == pytest.approx(12.0), "one frame does not drag the width"
        assert loop.track_id is None


def test_a_loop_that_nobody_followed_has_its_own_width(settled: Video, make_loop) -> None:
    frame = settled.show([make_loop(apex) for apex in ROW])
    between = make_loop((ROW[2][0] + 27.5, ROW[2][1]), widths=(30.0, 9.0, 13.0))
    *_, new = frame.recognised([*(make_loop(apex) for apex in ROW), between])
    assert new == between
