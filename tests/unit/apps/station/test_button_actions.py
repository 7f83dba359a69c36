"""What the box's buttons do in an exam."""

import pytest

from appliance.apps.station.button_actions import ACTOR, ButtonActions
from appliance.domain.account import account_name
from appliance.domain.errors import AccountError
from appliance.domain.exam import ExamState, ImageKind
from firmware.protocol import Action, Button, ButtonEvent
from tests.support.small_exam import SmallExam


@pytest.fixture
def exam() -> SmallExam:
    return SmallExam(pictures=3)


@pytest.fixture
def actions(exam: SmallExam) -> ButtonActions:
    return ButtonActions(exam.session, exam.history)


def done(button: Button, action: Action, exam: SmallExam, ago_s: float = 0.0) -> ButtonEvent:
    return ButtonEvent(button=button, action=action, at_monotonic_s=exam.clock.monotonic_s() - ago_s)


@pytest.mark.parametrize("button", [Button.CAPTURE, Button.PEDAL])
def test_capture_and_pedal_keep_the_picture_of_their_moment(
    exam: SmallExam, actions: ButtonActions, button: Button
) -> None:
    shown = exam.newest
    assert shown is not None
    exam.show()
    exam.show()
    actions.act(done(button, Action.PRESSED, exam, ago_s=0.15))
    (image,) = exam.store.exam(exam.exam_id).images
    assert image.captured_at_utc == shown.frame.captured_at_utc
    assert (actions.outcome.presses, actions.outcome.problem) == (1, "")


def test_letting_go_and_the_shutdown_button_do_nothing_in_an_exam(exam: SmallExam, actions: ButtonActions) -> None:
    for button in Button:
        actions.act(done(button, Action.RELEASED, exam))
    actions.act(done(Button.SHUTDOWN, Action.PRESSED, exam))
    actions.act(done(Button.SHUTDOWN, Action.HELD, exam))
    assert actions.outcome.presses == 0
    assert exam.kept(ImageKind.STILL) == 0


def test_a_frozen_picture_is_the_one_that_is_kept_and_the_pages_are_live_again(
    exam: SmallExam, actions: ButtonActions
) -> None:
    shown = exam.newest
    assert shown is not None
    actions.act(done(Button.FREEZE, Action.PRESSED, exam))
    assert actions.outcome.frozen_seq == shown.frame.seq
    for _ in range(50):
        exam.show()
    actions.act(done(Button.CAPTURE, Action.PRESSED, exam))
    assert exam.store.exam(exam.exam_id).images[0].captured_at_utc == shown.frame.captured_at_utc
    assert actions.outcome.frozen_seq is None


def test_freezing_again_goes_live_and_so_does_a_page_that_lets_go(exam: SmallExam, actions: ButtonActions) -> None:
    actions.act(done(Button.FREEZE, Action.PRESSED, exam))
    actions.act(done(Button.FREEZE, Action.PRESSED, exam))
    assert actions.outcome.frozen_seq is None
    exam.show()
    actions.act(done(Button.FREEZE, Action.PRESSED, exam))
    frozen = actions.outcome.frozen_seq
    assert frozen is not None
    exam.history.let_go(frozen)
    assert actions.outcome.frozen_seq is None
    exam.show()
    actions.act(done(Button.CAPTURE, Action.PRESSED, exam))
    assert actions.outcome.problem == "", "the newest picture, not the one that was let go"


def test_holding_freeze_finishes_the_exam_and_nobody_is_named_for_it(exam: SmallExam, actions: ButtonActions) -> None:
    actions.act(done(Button.CAPTURE, Action.PRESSED, exam))
    exam.show()
    actions.act(done(Button.FREEZE, Action.PRESSED, exam))
    actions.act(done(Button.FREEZE, Action.HELD, exam))
    assert exam.session.snapshot().exam is None
    assert exam.store.exam(exam.exam_id).state is ExamState.FINISHED
    assert actions.outcome.frozen_seq is None
    with pytest.raises(AccountError):
        account_name(ACTOR)


def test_what_cannot_be_done_is_told_and_the_next_press_works(exam: SmallExam, actions: ButtonActions) -> None:
    actions.act(done(Button.FREEZE, Action.HELD, exam))
    assert "no images to finish with" in actions.outcome.problem
    actions.act(done(Button.CAPTURE, Action.PRESSED, exam))
    assert (actions.outcome.presses, actions.outcome.problem) == (2, "")
    actions.act(done(Button.CAPTURE, Action.PRESSED, exam))
    assert "captured already" in actions.outcome.problem
    exam.session.discard("ana")
    exam.show()
    actions.act(done(Button.CAPTURE, Action.PRESSED, exam))
    assert "no exam is open" in actions.outcome.problem


def test_freezing_without_a_picture_is_told() -> None:
    exam = SmallExam()
    actions = ButtonActions(exam.session, exam.history)
    actions.act(done(Button.FREEZE, Action.PRESSED, exam))
    assert actions.outcome.frozen_seq is None
    assert "no picture" in actions.outcome.problem
