import numpy as np
import pytest

from appliance.analysis.following import Follower
from appliance.analysis.measure import MeasuredLoop
from appliance.analysis.settings import AnalysisSettings
from appliance.domain.detection import Morphology, SizeClass
from tests.support.rendered import points_of

FRAME = (640, 480)
ROW = [(80.0, 100.0), (180.0, 110.0), (290.0, 95.0), (400.0, 105.0), (520.0, 100.0)]


NOISE_PX = 0.6
EVERY_FRAME = AnalysisSettings(track_remeasure_s=0.0)


class Video:
    """Loops that are followed at 30 frames a second, each measured in every frame."""

    def __init__(self, make_loop, settings: AnalysisSettings = EVERY_FRAME) -> None:
        self.follower = Follower(settings)
        self.make_loop = make_loop
        self.now_s = 0.0
        self.um_per_px = 1.0

    def show(self, apices, hint=None, size_px=FRAME, **kwargs) -> list[int | None]:
        return [loop.track_id for loop in self.follow([self.make_loop(a, **kwargs) for a in apices], hint, size_px)]

    def follow(self, loops, hint=None, size_px=FRAME) -> tuple[MeasuredLoop, ...]:
        self.now_s += 1 / 30
        located = self.follower.locate([loop.detection for loop in loops], size_px, self.now_s, hint)
        return located.measured([points_of(loops[at]) for at in located.due], self.um_per_px).loops


@pytest.fixture
def video(make_loop) -> Video:
    return Video(make_loop)


def _moved(apices, dx: float, dy: float):
    return [(x + dx, y + dy) for x, y in apices]


def test_a_loop_gets_its_id_when_it_is_seen_again(video: Video) -> None:
    assert video.show(ROW) == [None] * 5
    assert video.show(ROW) == [1, 2, 3, 4, 5]


def test_a_flicker_of_one_frame_gets_no_id(video: Video) -> None:
    video.show(ROW)
    video.show([*ROW, (350.0, 300.0)])
    video.show(ROW)
    assert video.show([*ROW, (350.0, 300.0)]) == [1, 2, 3, 4, 5, None]


def test_ids_stand_while_the_finger_drifts_across_the_frame(video: Video) -> None:
    video.show(ROW)
    ids = [video.show(_moved(ROW, 6.0 * step, 2.0 * step)) for step in range(1, 40)]
    assert all(one == [1, 2, 3, 4, 5] for one in ids)


def test_ids_stand_in_tremor(video: Video) -> None:
    rng = np.random.default_rng(7)
    video.show(ROW)
    for step in range(60):
        dx, dy = 12 * np.sin(step * 1.7), 9 * np.cos(step * 2.3)
        jitter = rng.normal(0, 1.5, (5, 2))
        apices = [(x + dx + jx, y + dy + jy) for (x, y), (jx, jy) in zip(ROW, jitter, strict=True)]
        assert video.show(apices) == [1, 2, 3, 4, 5]


def test_a_jump_of_half_a_loop_spacing_is_followed_by_the_hint(video: Video) -> None:
    video.show(ROW)
    video.show(ROW)
    assert video.show(_moved(ROW, 60.0, -20.0), hint=(58.5, -21.0)) == [1, 2, 3, 4, 5]


def test_a_whole_spacing_is_told_from_no_motion_by_the_hint(video: Video) -> None:
    """In an even row a shift by one spacing looks like none, save that one loop left and one came."""
    even = [(100.0 * k, 100.0) for k in range(1, 6)]
    video.show(even)
    video.show(even)
    assert video.show(_moved(even, 100.0, 0.0), hint=(99.0, 0.5)) == [1, 2, 3, 4, 5]


def test_a_wrong_hint_does_no_harm(video: Video) -> None:
    video.show(ROW)
    video.show(ROW)
    assert video.show(ROW, hint=(-55.0, 30.0)) == [1, 2, 3, 4, 5]


def test_a_loop_keeps_its_id_through_missed_frames(video: Video) -> None:
    for _ in range(3):
        video.show(ROW)
    for step in range(1, 11):
        assert video.show(_moved(ROW[:2] + ROW[3:], 5.0 * step, 0.0)) == [1, 2, 4, 5]
    assert video.show(_moved(ROW, 55.0, 0.0)) == [1, 2, 3, 4, 5]


def test_a_loop_that_was_missed_too_long_comes_back_as_another(video: Video) -> None:
    for _ in range(3):
        video.show(ROW)
    for _ in range(11):
        video.show(ROW[:2] + ROW[3:])
    assert video.show(ROW) == [1, 2, None, 4, 5]
    assert video.show(ROW) == [1, 2, 6, 4, 5]


def test_frames_without_any_detection_are_no_scene_cut(video: Video) -> None:
    for _ in range(3):
        video.show(ROW)
    for _ in range(5):
        assert video.show([]) == []
    assert video.show(ROW) == [1, 2, 3, 4, 5]


def test_crossing_neighbours_keep_their_ids(video: Video) -> None:
    """Two loops of different length slide past each other, as deep and shallow loops do when the scope is tilted."""
    ids = set()
    for step in range(21):
        tall = video.make_loop((300.0 + 3 * step, 100.0), size=(30.0, 160.0))
        short = video.make_loop((360.0 - 3 * step, 150.0), size=(30.0, 60.0))
        anchors = [video.make_loop(apex) for apex in ROW[:2] + ROW[4:]]
        ids.add(tuple(loop.track_id for loop in video.follow([tall, short, *anchors])))
    assert ids == {(None,) * 5, (1, 2, 3, 4, 5)}


def test_another_finger_starts_anew_and_no_id_is_used_again(video: Video) -> None:
    video.show(ROW)
    video.show(ROW)
    other = [(130.0, 300.0), (235.0, 310.0), (345.0, 290.0), (460.0, 305.0)]
    assert video.show(other) == [None] * 4
    assert video.show(other) == [6, 7, 8, 9]


def test_a_long_pause_starts_anew(video: Video) -> None:
    video.show(ROW)
    video.show(ROW)
    video.now_s += 1.5
    assert video.show(ROW) == [None] * 5
    assert video.show(ROW) == [6, 7, 8, 9, 10]


def test_another_frame_size_starts_anew(video: Video) -> None:
    video.show(ROW)
    video.show(ROW)
    assert video.show(ROW, size_px=(1280, 960)) == [None] * 5


def test_width_noise_shrinks_while_a_loop_is_followed(video: Video) -> None:
    rng = np.random.default_rng(3)
    video.um_per_px = 2.0
    raw, smooth = [], []
    for _ in range(200):
        width = 14.0 + rng.normal(0, NOISE_PX)
        loop = video.make_loop((300.0, 100.0), widths=(width, None, None))
        apical = video.follow([loop])[0].apical
        assert apical is not None
        assert apical.um == pytest.approx(2.0 * apical.px)
        assert apical.segment.length_px == pytest.approx(width), "the segment stays this frame's own"
        raw.append(width)
        smooth.append(apical.px)
    # Of 7 normal samples the median has 0.46 of their standard deviation, this quantile 0.53, and it lies 0.7 above.
    assert np.std(smooth[15:]) < 0.65 * np.std(raw[15:])
    assert np.mean(smooth[15:]) == pytest.approx(14.0 + 0.7 * NOISE_PX, abs=0.2)


def test_plasma_gaps_that_pass_do_not_narrow_a_loop(video: Video) -> None:
    shown = []
    for at in range(28):
        is_gap = at % 7 in (2, 3)
        loop = video.make_loop((300.0, 100.0), widths=(10.0 if is_gap else 14.0, None, None))
        apical = video.follow([loop])[0].apical
        assert apical is not None
        shown.append(apical.px)
    assert shown[7:] == pytest.approx([14.0] * 21)


def test_one_bad_frame_does_not_drag_the_width(video: Video) -> None:
    for width in [12.0, 12.2, 11.9, 12.1, 12.0]:
        video.show([(300.0, 100.0)], widths=(width, None, None))
    bad = video.follow([video.make_loop((300.0, 100.0), widths=(29.0, None, None))])[0]
    assert bad.apical is not None
    assert bad.apical.px == pytest.approx(12.2), "the widest but one"


def test_frames_without_a_width_show_none_and_keep_the_memory(video: Video) -> None:
    for _ in range(5):
        video.show([(300.0, 100.0)], widths=(12.0, None, None))
    assert video.follow([video.make_loop((300.0, 100.0), widths=(None, None, None))])[0].apical is None
    again = video.follow([video.make_loop((300.0, 100.0), widths=(15.0, None, None))])[0]
    assert again.apical is not None
    assert again.apical.px == 12.0


def test_classes_are_voted_over_time_by_score(video: Video) -> None:
    def seen(shape: Morphology, score: float) -> Morphology:
        loop = video.make_loop((300.0, 100.0), shape=shape, score=score)
        return video.follow([loop])[0].detection.morphology

    assert seen(Morphology.TORTUOUS, 0.9) is Morphology.TORTUOUS
    assert seen(Morphology.TORTUOUS, 0.8) is Morphology.TORTUOUS
    assert seen(Morphology.NORMAL, 0.9) is Morphology.TORTUOUS
    assert seen(Morphology.NORMAL, 0.9) is Morphology.NORMAL


def test_appearance_is_voted_too(video: Video) -> None:
    for _ in range(3):
        video.show([(300.0, 100.0)], appearance=SizeClass.ENLARGED)
    flicker = video.follow([video.make_loop((300.0, 100.0), appearance=SizeClass.NORMAL)])[0]
    assert flicker.detection.size_by_appearance is SizeClass.ENLARGED


def test_more_hits_can_be_asked_for(make_loop) -> None:
    video = Video(make_loop, AnalysisSettings(track_confirm_hits=3, track_remeasure_s=0.0))
    assert [video.show(ROW)[0] for _ in range(3)] == [None, None, 1]
