"""Every threshold of the pure stages, in one table, each with its source."""

from dataclasses import dataclass

from appliance.domain.errors import SettingsError


@dataclass(frozen=True)
class AnalysisSettings:
    """Limits of quality control and tracking. Clinical cuts are not settings: they stand in size.py and
    domain/metrics.py.

    Attributes:
        focus_min: focus below which a frame is out of focus.
        glare_max: share of saturated pixels above which a frame is glaring.
        exposure_min, exposure_max: mean grey levels between which a frame is well exposed.
        motion_max_of_width: shift against the previous frame, in frame widths, above which a frame is moving.
        apex_min_of_width: median apical width, in widths of what one view shows (a live frame; of a still at most 640
            pixels), below which the magnification is too low.
        row_tilt_max_deg: angle of the distal row to the frame's lower edge from which it is called tilted.
        row_margin_of_height: share of the frame's height at its top and bottom in which a row's apices lie too near
            to the edge.
        blanched_colour_fall, blanched_detail_fall: how far the skin's redness (in natural logarithms of red over green)
            and the share of the vessels' contrast must have fallen, together, for the scope to press the blood away.
        track_confirm_hits: detections in different frames before a loop gets an id.
        track_max_missed_frames: frames in a row without a detection before a loop is forgotten.
        track_max_gap_s: a longer pause between frames starts all tracks anew.
        track_smoothing_frames: frames over which classes are smoothed.
        track_smoothing_measurements: measurements over which widths are smoothed.
        track_remeasure_s: every loop of a video is measured anew at least this often.

    Raises:
        SettingsError: a limit can never be met.
    """

    # focus, glare, exposure, motion: chosen on rendered images and checked against real ones, both by
    # `python -m tests.support.rendered_report`.
    focus_min: float = 0.30
    glare_max: float = 0.05
    exposure_min: float = 0.12
    exposure_max: float = 0.92
    motion_max_of_width: float = 0.0125
    # An apex of 4.2 of 640 pixels: one pixel more or less would be a quarter of the width. Medians with the shipped
    # networks: 0.0098 or more in 48 real tiles and 0.0073 in a photograph of a whole nailfold; rendered at 3.5 um a
    # pixel 0.0070 or more, at 6 um mostly 0.0058. Tilt: 4 of 48 real tiles lie beyond 25 degrees, 29 at most.
    apex_min_of_width: float = 0.0065
    row_tilt_max_deg: float = 25.0
    row_margin_of_height: float = 0.06
    # Of a nailfold that is pressed more and more (rendered): with 60 % of its blood gone the median falls are 0.035 and
    # 0.44, with 80 % 0.047 and 0.57; an unpressed one at rest varies by 0.003 and 0.01.
    blanched_colour_fall: float = 0.02
    blanched_detail_fall: float = 0.30
    # Tracking: our choice at 25 to 60 frames a second: a flicker of one frame gets no id, a third of a second of
    # occlusion keeps it, half a second of classes is voted on. Widths: docs/decisions, 2026-11-30, key points.
    track_confirm_hits: int = 2
    track_max_missed_frames: int = 10
    track_max_gap_s: float = 1.0
    track_smoothing_frames: int = 15
    track_smoothing_measurements: int = 7
    track_remeasure_s: float = 0.15

    def __post_init__(self) -> None:
        _require(0 <= self.focus_min < 1, "focus_min", self.focus_min, "between 0 and 1")
        _require(0 < self.glare_max <= 1, "glare_max", self.glare_max, "above 0, at most 1")
        _require(0 <= self.exposure_min < self.exposure_max, "exposure_min", self.exposure_min, "below exposure_max")
        _require(self.motion_max_of_width > 0, "motion_max_of_width", self.motion_max_of_width, "above 0")
        _require(self.track_confirm_hits >= 1, "track_confirm_hits", self.track_confirm_hits, "at least 1")
        _require(self.track_smoothing_frames >= 1, "track_smoothing_frames", self.track_smoothing_frames, "at least 1")
        _require(
            self.track_smoothing_measurements >= 1,
            "track_smoothing_measurements",
            self.track_smoothing_measurements,
            "at least 1",
        )
        _require(self.track_remeasure_s >= 0, "track_remeasure_s", self.track_remeasure_s, "0 or more")
        _require(
            self.track_max_missed_frames >= 0, "track_max_missed_frames", self.track_max_missed_frames, "0 or more"
        )
        _require(self.track_max_gap_s > 0, "track_max_gap_s", self.track_max_gap_s, "above 0")


def _require(is_met: bool, name: str, value: float, demand: str) -> None:
    if not is_met:
        raise SettingsError(f"analysis setting {name} is {value}", f"Set it {demand}.")
