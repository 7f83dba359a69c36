"""What goes into an exam session and what the page sees of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.exam import Exam, Placement
from appliance.domain.exam_protocol import ExamProtocol
from appliance.domain.still import StillMetadata
from appliance.exam.frame_history import FrameHistory


@dataclass(frozen=True)
class ExamSnapshot:
    """The exam as the page draws it.

    Attributes:
        exam: the open exam with its images; None between exams.
        placement: where the next capture goes.
        protocol: of the open exam; between exams the clinic's own.
        counts: stills kept per placement; placements without one are absent.
        can_undo, can_redo, can_finish: what would be accepted now.
        last_error: why the last attempt was refused and what to do; empty after a success.
        boot_id: UUID text of the session that took this snapshot; another one after the station started anew.
        revision: rises with every verb of that session, so that of two snapshots the newer one is known.
    """

    exam: Exam | None
    placement: Placement
    protocol: ExamProtocol
    counts: Mapping[Placement, int]
    can_undo: bool
    can_redo: bool
    can_finish: bool
    last_error: str
    boot_id: str
    revision: int


@dataclass(frozen=True)
class SessionTools:
    """What a session needs from the rest of the station.

    Attributes:
        current: the newest picture with its result; None before the first. Quick.
        encode: the PNG file of a picture (uint8, height x width x 3, RGB).
        history: the last seconds' pictures, from which a capture keeps the best; None keeps `current`.
        require_clock: raises ExamError where the clock cannot date an exam.
        newest_message_id: of an exam that was sent before, by its id; None where nothing was.
        on_finished: called after an exam was finished and its message queued; wakes the publisher.
    """

    current: Callable[[], AnalysedFrame | None]
    encode: Callable[[NDArray[np.uint8], StillMetadata], bytes]
    on_finished: Callable[[], None] = lambda: None
    history: FrameHistory | None = None
    require_clock: Callable[[], None] = lambda: None
    newest_message_id: Callable[[str], str | None] = lambda _: None
