"""Small runs of what `make chaos` and `make soak` do for minutes and hours."""

import shutil

import pytest

from tests.chaos.cameras import camera_faults
from tests.chaos.stops import stops
from tests.load.soak import Sample, judge, soak
from tests.support.broker import mosquitto_binary


def test_noise_and_another_format_are_shown_as_what_they_are_and_the_exam_goes_on() -> None:
    report = camera_faults(("garbage", "other-format"))
    assert (report["problems"], report["stale_shown_as_live"]) == (0, 0), report["what"]


def test_stops_at_any_moment_under_load_end_with_0() -> None:
    report = stops(5, longest_before_s=0.5)
    assert report["problems"] == 0, report["what"]


@pytest.mark.skipif(mosquitto_binary() is None or shutil.which("mosquitto_sub") is None, reason="needs mosquitto")
def test_a_short_soak_loses_nothing_over_a_reload_and_an_unplugged_camera() -> None:
    report = soak(4.0)
    assert report["exams"] >= 1
    assert report["unplugs"] >= 1
    assert (report["lost"], report["exit_code"]) == (0, 0)


def test_what_grows_is_named_and_what_the_start_takes_is_not() -> None:
    flat = [sample(at_s, rss_mb=100.0 if at_s < 60 else 300.0) for at_s in range(0, 600, 10)]
    assert judge(flat)["grew"] == []
    leak = [sample(at_s, rss_mb=300.0 + at_s / 10, handles=20 + at_s // 60) for at_s in range(0, 600, 10)]
    assert judge(leak)["grew"] == ["rss_mb", "handles"]


def test_a_leak_of_hours_that_no_third_shows_is_named() -> None:
    """9 MB in two hours, with the noise of pages and two steps that are over: only the slope tells."""
    leak = [sample(at_s, rss_mb=300.0 + at_s / 800 + at_s % 7) for at_s in range(0, 7200, 10)]
    assert judge(leak)["grew"] == ["mb_an_hour"]
    steps = [
        sample(at_s, rss_mb=300.0 + 6 * (at_s > 900) + 6 * (at_s > 2700) + at_s % 7) for at_s in range(0, 7200, 10)
    ]
    assert judge(steps)["grew"] == []


def sample(at_s: float, rss_mb: float = 300.0, handles: int = 20) -> Sample:
    return Sample(at_s, rss_mb, handles, threads=30, age_ms=40.0, load_average=1.0)
