"""What the console shows: frozen values, made by whoever has the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class AlertView:
    """One raised alert; `code` has a text of its own. The time is the box's, and may be one that cannot be."""

    code: str
    since_utc: datetime
    value: float | None = None
    limit: float | None = None
    is_time_doubtful: bool = False


@dataclass(frozen=True)
class BoxView:
    """One box.

    Attributes:
        state_at_utc: when it came or went, by the server's clock.
        heard_at_utc: when its newest telemetry came; None before the first.
        alerts: of the box, and those that the server adds: "barred", "twin", "silent", "away", "journal_broken",
            "number_leap", "drift_...".
        not_in_force: desired settings that are not, to the box's reason; empty where it gives none.
    """

    site: str
    box: str
    is_online: bool
    state_at_utc: datetime
    software: str
    heard_at_utc: datetime | None = None
    alerts: tuple[AlertView, ...] = ()
    telemetry: Mapping[str, Any] = field(default_factory=dict)
    engines: Mapping[str, str] = field(default_factory=dict)
    not_in_force: Mapping[str, str] = field(default_factory=dict)
    missing_results: int = 0

    @property
    def name(self) -> str:
        return f"{self.site}/{self.box}"

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something."""
        return bool(self.alerts)


@dataclass(frozen=True)
class SiteView:
    """One site.

    Attributes:
        title: what people call it; its name in topics where nobody has said.
        place: degrees of latitude and longitude; None where nobody has said.
        boxes, online, needing: how many boxes, how many of them are online, how many need a person.
    """

    site: str
    title: str
    place: tuple[float, float] | None
    boxes: int
    online: int
    needing: int


@dataclass(frozen=True)
class ModelView:
    """One watched figure of a box's networks, in the reference period and now.

    Attributes:
        figure: has a text of its own.
        step: width of a bin; of a share there are two bins, no and yes.
        reference, current: counts by bin.
        exams, needed: how many exams either period has, and has to have.
        index: distance of the two; None before both periods are whole. Drift from `limit` on, if it is not chance.
    """

    figure: str
    is_share: bool
    step: float
    reference: tuple[int, ...]
    current: tuple[int, ...]
    exams: tuple[int, int]
    needed: tuple[int, int]
    index: float | None
    limit: float
    is_raised: bool

    @property
    def shares(self) -> tuple[float | None, float | None]:
        """Of a share: its value in both periods, of 1."""
        if not self.is_share:
            return None, None
        return _share(self.reference), _share(self.current)


def _share(counts: Sequence[int]) -> float | None:
    return counts[-1] / sum(counts) if any(counts) else None


@dataclass(frozen=True)
class JobView:
    """One job of one box; `about` is what it names, such as a bundle, or empty."""

    box: str
    job_id: str
    kind: str
    about: str
    state: str
    reason: str
    made_by: str
    made_at_utc: datetime
    changed_at_utc: datetime


@dataclass(frozen=True)
class UpdateView:
    """The newest update of one kind that a box was asked for: four facts, each empty until it is true.

    Attributes:
        kind: "update-engines" or "update-system".
    """

    kind: str
    state: str
    reason: str
    desired: str
    installed: str
    booted: str
    confirmed: str


@dataclass(frozen=True)
class GroupView:
    """One group of a rollout.

    Attributes:
        counts: state of its jobs ("not_begun" before its turn) to how many boxes.
        failed: names of boxes where it did not succeed, and why.
    """

    number: int
    counts: Mapping[str, int]
    failed: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RolloutView:
    """One bundle on its way to the boxes; shares are of 1."""

    rollout_id: str
    bundle: str
    failed_share: float
    threshold: float
    is_paused: bool
    groups: tuple[GroupView, ...]


@dataclass(frozen=True)
class AuditView:
    """One entry of a box's journal."""

    seq: int
    at_utc: datetime
    actor: str
    action: str
    subject: str
    is_time_doubtful: bool = False


@dataclass(frozen=True)
class AcceptedJournalView:
    """That a person took a changed journal for good: who, why, and what was wrong with it."""

    at_utc: datetime
    by: str
    because: str
    problem: str


@dataclass(frozen=True)
class JournalView:
    """A box's journal.

    Attributes:
        problem: why it is not what it was; empty where it is whole.
        acceptances: newest first.
        entries: the newest, newest first.
    """

    problem: str
    acceptances: tuple[AcceptedJournalView, ...]
    entries: tuple[AuditView, ...]


@dataclass(frozen=True)
class FigureView:
    """A figure of an exam: for a plot, and "7.4 ± 0.5" as the box printed it."""

    value: float
    words: str


@dataclass(frozen=True)
class ResultView:
    """One result as the fleet keeps it: no identity, ever. Figures are None where the box sent none.

    Attributes:
        finished_at_utc: as the box says; when it came where that cannot be.
        stated_at_utc: what the box says where it cannot be.
    """

    box: str
    exam_id: str
    pseudonym: str
    finished_at_utc: datetime
    images: int
    density_per_mm: FigureView | None
    apical_um: FigureView | None
    is_validated: bool = False
    stated_at_utc: datetime | None = None
