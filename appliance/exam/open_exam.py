"""The exam under way: what it holds, what was done last, and how each change reaches the store."""

from dataclasses import replace

from appliance.domain.errors import ExamError
from appliance.domain.exam import CapturedImage, Exam, ImageKind, Placement
from appliance.domain.exam_protocol import protocol_named
from appliance.domain.hand_map import CellState, hand_map
from appliance.exam.captured import NewImage
from appliance.exam.exam_steps import Step, do_again, next_missing, skips_at, steps_of, take_back, with_image
from appliance.ports import ExamStore


class OpenExam:
    """One open exam with its undo. Used by one thread at a time; each change is in the store before it is here.

    Attributes:
        exam: as the store has it.
        protocol: the one that the exam names.
        settled: ids of the images of an exam that was finished before and reopened: they were sent, so that no undo
            and no replacement reaches them.
    """

    def __init__(self, store: ExamStore, exam: Exam, settled: frozenset[str] = frozenset()) -> None:
        self._store = store
        self.settled = settled
        self.exam = exam
        self.protocol = protocol_named(exam.protocol)
        self._done = steps_of(exam, settled)
        self._undone: tuple[Step, ...] = ()

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def missing(self) -> int:
        """How many places of the protocol have neither a picture nor a reason why not."""
        return hand_map(self.exam).count(CellState.MISSING)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def next_after(self, placement: Placement) -> Placement:
        """What to look at after that placement."""
        return next_missing(self.protocol, self.exam, placement)

    def stills_at(self, placement: Placement) -> tuple[CapturedImage, ...]:
        """The stills kept for that placement that may make way for another, oldest first."""
        at_place = (image for image in self.exam.images if image.placement == placement)
        return tuple(one for one in at_place if one.kind is ImageKind.STILL and one.image_id not in self.settled)

    def missing_of_finger(self, placement: Placement) -> tuple[Placement, ...]:
        """The protocol's placements of that finger that have neither a picture nor a reason why not."""
        taken = {image.placement for image in self.exam.images} | {one.placement for one in self.exam.skipped}
        finger = (placement.hand, placement.finger)
        return tuple(one for one in self.protocol.placements if (one.hand, one.finger) == finger and one not in taken)

    def add(self, new: NewImage, selected: Placement, replaced: tuple[CapturedImage, ...] = ()) -> None:
        """Keep a new file first: should anything after it fail, the operator has a picture too many, not too few."""
        self._store.add_image(self.exam.exam_id, new.image, new.content)
        rest = Step(selected, replaced=replaced, unskipped=skips_at(self.exam, (new.image.placement,)))
        self.exam = with_image(self.exam, new.image)
        self._note(Step(selected, new.image))
        if rest.replaced or rest.unskipped:
            self.exam = do_again(self._store, self.exam, rest)
            self._done = (*self._done[:-1], replace(rest, image=new.image))

    def do(self, step: Step) -> None:
        """Make a change that adds no file."""
        self.exam = do_again(self._store, self.exam, step)
        self._note(step)

    def undo(self) -> Step:
        """The newest step, taken back."""
        if not self._done:
            raise ExamError("there is no capture to undo", "Capture an image first.")
        step = self._done[-1]
        self.exam = take_back(self._store, self.exam, step)
        self._done, self._undone = self._done[:-1], (*self._undone, step)
        return step

    def redo(self) -> Step:
        """What was undone last, done again; possible until the next change."""
        if not self._undone:
            raise ExamError("there is no undone capture to bring back", "Capture again.")
        step = self._undone[-1]
        self.exam = do_again(self._store, self.exam, step)
        self._done, self._undone = (*self._done, step), self._undone[:-1]
        return step

    def _note(self, step: Step) -> None:
        self._done, self._undone = (*self._done, step), ()
