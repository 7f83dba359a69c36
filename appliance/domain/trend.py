"""The course of a patient's figures over exams: what is plotted, and which change means something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.domain.exam import Finger, Hand
from appliance.domain.exam_figures import ExamFigures, Figure, Figures
from appliance.domain.figure_definition import Kind, Place
from appliance.domain.figure_definitions import DEFINITIONS, figures_at
from appliance.domain.printed_figure import decimals_of_figure
from appliance.domain.repeatability import FigureChange, change

PLOTTED = figures_at(Place.TREND_PLOTS)
COMPARED = figures_at(Place.REPORT_CHANGES)
COUNTS = frozenset(key for key in (*PLOTTED, *COMPARED) if DEFINITIONS[key].kind is Kind.COUNT)

Group = tuple[Hand, Finger] | None
"""A finger; None is the whole exam."""


@dataclass(frozen=True)
class TrendExam:
    """One exam of a course.

    Attributes:
        is_validated: a physician validated it as it is now.
        engines: role to "sha256:..." of its newest image; empty without images.
    """

    exam_id: str
    started_at_utc: datetime
    figures: ExamFigures
    is_validated: bool
    engines: Mapping[str, str]


@dataclass(frozen=True)
class TrendPoint:
    """One figure of one exam.

    Attributes:
        figure: a count is for each image that counts.
        since: the exam that `change` compares with, the newest earlier one with a value; None for the first.
        change: None where there is nothing to compare.
    """

    exam: TrendExam
    figure: Figure
    since: TrendExam | None
    change: FigureChange | None

    @property
    def has_other_engines(self) -> bool:
        """Whether the two exams compared were measured by different networks."""
        if self.since is None or not self.since.engines:
            return False
        return dict(self.since.engines) != dict(self.exam.engines)


def decimals_of(key: str, figure: Figure | None = None) -> int:
    """As printed, of one figure by its uncertainty; counts for each image have one."""
    if key in COUNTS:
        return 1
    return DEFINITIONS[key].decimals if figure is None else decimals_of_figure(key, figure)


def per_image(key: str, figures: Figures) -> Figure:
    """A count for each image that counts, so that exams of different protocols compare; other figures as they are."""
    figure, images = figures[key], figures["images_evaluable"]
    if key not in COUNTS or not isinstance(figure.value, int) or not isinstance(images.value, int):
        return figure
    return Figure(figure.value / images.value, basis=figure.basis)


def groups_of(exams: Sequence[TrendExam]) -> tuple[Group, ...]:
    """The whole exam, then each finger that at least one exam has an evaluable image of, from thumb to little."""
    seen = {
        key
        for one in exams
        for key, figures in one.figures.fingers.items()
        if figures["images_evaluable"].value is not None
    }
    return (None, *((hand, finger) for hand in Hand for finger in Finger if (hand, finger) in seen))


def course(key: str, exams: Sequence[TrendExam], group: Group = None) -> tuple[TrendPoint, ...]:
    """One figure over exams, oldest first; exams without that finger are left out."""
    points: list[TrendPoint] = []
    before: TrendPoint | None = None
    for exam in exams:
        figures = exam.figures.exam if group is None else exam.figures.fingers.get(group)
        if figures is None:
            continue
        figure = per_image(key, figures)
        found = None if before is None else change(key, before.figure, figure)
        points.append(TrendPoint(exam, figure, before.exam if before and found else None, found))
        before = points[-1] if figure.value is not None else before
    return tuple(points)
