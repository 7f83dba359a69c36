"""Limits of the exam."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExamSettings:
    """Limits of the exam.

    Attributes:
        max_frame_age_s: an older picture is no longer what the operator sees; a capture of it is refused.
    """

    max_frame_age_s: float = 1.0
