"""What the box's buttons do in an exam: the same verbs as the page's, at the moment of the press."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from appliance.domain.box_board import ButtonOutcome
from appliance.domain.errors import ApplianceError, ExamError
from appliance.exam.frame_history import FrameHistory
from appliance.exam.session import ExamSession
from firmware.protocol import Action, Button, ButtonEvent

_log = logging.getLogger(__name__)
ACTOR = "box button"
"""In the journal. It has a space, which no account's name may have: nobody is taken for the person who pressed."""


class ButtonActions:
    """Capture and pedal capture; freeze freezes and goes live again, and held it finishes the exam.

    A press keeps the picture that the pages had at its moment, however late it is acted on. Safe for calls from any
    thread; the lock is held while a picture is kept -> session -> database.
    """

    def __init__(self, session: ExamSession, history: FrameHistory) -> None:
        self._session, self._history = session, history
        self._guard = threading.Lock()
        self._outcome = ButtonOutcome()

    @property
    def outcome(self) -> ButtonOutcome:
        """The pages are live again too where the frozen picture was let go by one of them."""
        outcome = self._outcome
        is_frozen = outcome.frozen_seq is not None and self._history.is_held(outcome.frozen_seq)
        return outcome if is_frozen else replace(outcome, frozen_seq=None)

    def act(self, event: ButtonEvent) -> None:
        """Do what that button is for; what cannot be done is in `outcome` and in the log."""
        verb = self._verb_of(event)
        if verb is None:
            return
        with self._guard:
            problem = ""
            try:
                verb()
            except ApplianceError as error:
                _log.warning("the button %s did nothing: %s", event.button.value, error)
                problem = str(error)
            self._outcome = replace(self._outcome, presses=self._outcome.presses + 1, problem=problem)

    def _verb_of(self, event: ButtonEvent) -> Callable[[], object] | None:
        match event.button, event.action:
            case ((Button.CAPTURE | Button.PEDAL), Action.PRESSED):
                return lambda: self._capture(event.at_monotonic_s)
            case Button.FREEZE, Action.PRESSED:
                return lambda: self._freeze(event.at_monotonic_s)
            case Button.FREEZE, Action.HELD:
                return self._finish
        return None

    def _capture(self, at_monotonic_s: float) -> None:
        frozen_seq = self.outcome.frozen_seq
        if frozen_seq is None:
            self._session.capture_at(at_monotonic_s)
            return
        self._session.capture(seq=frozen_seq)
        self._go_live()

    def _freeze(self, at_monotonic_s: float) -> None:
        if self.outcome.frozen_seq is not None:
            self._go_live()
            return
        shown = self._history.shown_at(at_monotonic_s)
        if shown is None:
            raise ExamError("there was no picture when the button was pressed", "Wait for the live picture.")
        self._history.hold(shown.frame.seq)
        self._outcome = replace(self._outcome, frozen_seq=shown.frame.seq)

    def _finish(self) -> None:
        self._go_live()
        self._session.finish(ACTOR)

    def _go_live(self) -> None:
        if self._outcome.frozen_seq is not None:
            self._history.let_go(self._outcome.frozen_seq)
        self._outcome = replace(self._outcome, frozen_seq=None)
