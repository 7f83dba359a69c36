"""Limits of the exam."""

from dataclasses import dataclass

from appliance.domain.errors import SettingsError
from appliance.domain.exam_protocol import PROTOCOLS


@dataclass(frozen=True)
class ExamSettings:
    """Limits of the exam.

    Attributes:
        max_frame_age_s: an older picture is no longer what the operator sees; a capture of it is refused.
        best_of_s: a capture keeps the best picture of so many seconds before it.
        history_s: how far back automatic capture looks for the best picture.
        auto_still_s: how long the picture must have been good and still before it is kept by itself.
        auto_still_widths_per_s: speed over the nailfold, in frame widths a second, up to which the hand is still.
        auto_moved_of_width: shift against the kept picture beyond which it shows another piece of nailfold.
        sweep_longest_s: a sweep for a panorama is ended after this.
        clip_before_s, clip_after_s: how much a video clip keeps around the moment it is asked for.
        protocol: the clinic's own, offered for every new exam: "16", "32" or "free".
        count_ramified_giants: a ramified loop above 50 um counts as a giant; an exam keeps the rule it began with.

    Raises:
        SettingsError: a limit can never be met, or there is no such protocol.
    """

    max_frame_age_s: float = 1.0
    best_of_s: float = 0.5
    history_s: float = 2.0
    auto_still_s: float = 0.7
    auto_still_widths_per_s: float = 0.1
    auto_moved_of_width: float = 0.2
    sweep_longest_s: float = 30.0
    clip_before_s: float = 5.0
    clip_after_s: float = 5.0
    protocol: str = "16"
    count_ramified_giants: bool = True

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, float) and value <= 0:
                raise SettingsError(f"exam setting {name} is {value}", "Set it above 0.")
        if self.protocol not in PROTOCOLS:
            raise SettingsError(f"exam setting protocol is {self.protocol!r}", f"Use one of {', '.join(PROTOCOLS)}.")
        if self.auto_still_s >= self.history_s:
            raise SettingsError(f"auto_still_s is {self.auto_still_s}", f"Set it below history_s ({self.history_s}).")
