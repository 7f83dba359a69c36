"""Documents of the trends in the API."""

from pydantic import BaseModel, Field

from appliance.domain.exam import Finger, Hand
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.trend import COUNTS, PLOTTED, Group, TrendExam, TrendPoint, course, decimals_of, groups_of
from webui.documents.instant import Instant


class TrendExamDocument(BaseModel):
    """One exam of the course."""

    exam_id: str
    started_at_utc: Instant
    is_validated: bool = Field(description="A physician validated it as it is now")


class ChangeDocument(BaseModel):
    """What changed since an earlier exam."""

    since: str = Field(description="exam_id of the newest earlier exam with a value")
    by: float
    limit: float | None = Field(description="Smallest change that counts; null where none is known")
    is_limit_published: bool = Field(description="The published repeatability is part of the limit")
    is_significant: bool | None = Field(description="null where it cannot be said")
    has_other_engines: bool = Field(description="The two exams were measured by different networks")


class PointDocument(BaseModel):
    """One figure of one exam."""

    exam_id: str
    value: float | None
    uncertainty: float | None = Field(description="Half the width of the 95 % interval; null where none is known")
    decimals: int = Field(description="Of the value and its uncertainty, as printed")
    because: str | None = Field(description="Why there is no value")
    change: ChangeDocument | None
    is_by_another_rule: bool = Field(
        description="Counted by another rule than the newest earlier exam with a value: no change is stated"
    )


class SeriesDocument(BaseModel):
    """One figure over the exams, oldest first."""

    key: str
    unit: str = Field(description="UCUM")
    decimals: int = Field(description="As printed")
    is_per_image: bool = Field(description="A count for each image that counts")
    cuts: list[float] = Field(description="Values with a meaning")
    points: list[PointDocument]


class GroupDocument(BaseModel):
    """The whole exam, where hand and finger are null, or one finger."""

    hand: Hand | None
    finger: Finger | None
    series: list[SeriesDocument]


class TrendsAnswer(BaseModel):
    """The course of a patient's figures."""

    exams: list[TrendExamDocument] = Field(description="Finished exams, oldest first")
    groups: list[GroupDocument]


def trends_document(exams: list[TrendExam]) -> TrendsAnswer:
    """`exams` oldest first."""
    return TrendsAnswer(
        exams=[
            TrendExamDocument(exam_id=one.exam_id, started_at_utc=one.started_at_utc, is_validated=one.is_validated)
            for one in exams
        ],
        groups=[_group(exams, group) for group in groups_of(exams)] if exams else [],
    )


def _group(exams: list[TrendExam], group: Group) -> GroupDocument:
    hand, finger = group or (None, None)
    return GroupDocument(hand=hand, finger=finger, series=[_series(key, exams, group) for key in PLOTTED])


def _series(key: str, exams: list[TrendExam], group: Group) -> SeriesDocument:
    found = course(key, exams, group)
    return SeriesDocument(
        key=key,
        unit=DEFINITIONS[key].unit,
        decimals=decimals_of(key),
        is_per_image=key in COUNTS,
        cuts=list(DEFINITIONS[key].cuts),
        points=[_point(key, point) for point in found],
    )


def _point(key: str, point: TrendPoint) -> PointDocument:
    figure, value = point.figure, point.figure.value
    return PointDocument(
        exam_id=point.exam.exam_id,
        value=float(value) if isinstance(value, int | float) else None,
        uncertainty=figure.uncertainty,
        decimals=decimals_of(key, figure),
        because=figure.because,
        change=_change(point),
        is_by_another_rule=point.is_by_another_rule,
    )


def _change(point: TrendPoint) -> ChangeDocument | None:
    found = point.change
    if found is None or point.since is None:
        return None
    return ChangeDocument(
        since=point.since.exam_id,
        by=found.by,
        limit=found.limit,
        is_limit_published=found.is_limit_published,
        is_significant=found.is_significant,
        has_other_engines=point.has_other_engines,
    )
