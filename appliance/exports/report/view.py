"""What a report's template sees: plain words and addresses of pictures, ready to be printed.

These names are the contract with templates that clinics write; they are listed in this folder's README.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.exports.report.cells import Cell
from appliance.exports.report.trends import Trends


@dataclass(frozen=True)
class Fact:
    """One line of the preparation."""

    label: str
    value: str


@dataclass(frozen=True)
class ScoreView:
    """A category with the rule that fired and what a reader has to know beside it."""

    value: str
    note: str
    doubts: tuple[str, ...]
    is_missing: bool
    is_grave: bool


@dataclass(frozen=True)
class AdviceView:
    """What an installed classifier would call the pattern: an advisory, never in place of the rules.

    Attributes:
        value: the likeliest pattern with its share.
        others: the other patterns with theirs, likeliest first.
        basis: by which method, how well it did on patients it had not seen, and from how many images.
    """

    value: str
    others: tuple[str, ...]
    basis: str


@dataclass(frozen=True)
class FingerRow:
    """A line of the summary's table; `missing` says why there are no cells, `aside` which giants were seen anyway."""

    name: str
    cells: tuple[Cell, ...]
    missing: str
    is_edited: bool
    aside: str = ""


@dataclass(frozen=True)
class PictureView:
    """A picture with its caption."""

    source: str
    caption: str
    note: str
    is_edited: bool


@dataclass(frozen=True)
class CompareRow:
    """A figure after review and, where it differs, the machine's own."""

    after: Cell
    machine: Cell | None


@dataclass(frozen=True)
class FingerPage:
    """One finger.

    Attributes:
        best: the sharpest picture that counts, findings drawn in; None where none counts.
        others: the finger's other pictures; one that does not count says why in its note.
        excluded: what is not shown at all: video clips.
        comments: the physician's, each with its picture.
        is_edited: a person changed a finding of this finger.
    """

    name: str
    verdict: ScoreView
    best: PictureView | None
    others: tuple[PictureView, ...]
    rows: tuple[CompareRow, ...]
    excluded: tuple[Fact, ...]
    comments: tuple[Fact, ...]
    is_edited: bool


@dataclass(frozen=True)
class TraceImage:
    """One picture of the traceability table."""

    place: str
    kind: str
    taken: str
    um_per_px: str
    sha256: str
    state: str


@dataclass(frozen=True)
class Trace:
    """Where every number comes from."""

    facts: tuple[Fact, ...]
    images: tuple[TraceImage, ...]
    definitions: tuple[Fact, ...]


@dataclass(frozen=True)
class HandRow:
    """One finger of the map of the hands: of each sector A to D "done", "missing", "not_evaluable" or "open"."""

    name: str
    sectors: tuple[str, ...]


@dataclass(frozen=True)
class HandView:
    """One hand of the map."""

    name: str
    fingers: tuple[HandRow, ...]


@dataclass(frozen=True)
class ReportView:
    """The whole report.

    Attributes:
        paper: "A4" or "letter", as CSS names it.
        logo: address of the clinic's logo; empty without one.
        status: who validated it and when, or that it is not validated.
        made: when the report was made, and who made it.
        physician_pattern: what the physician calls the pattern; empty where nothing was said.
        advice: None without a classifier, and where the form leaves it out.
        decisive: the picture that decides the Fast Track, or the sharpest that counts; None where none counts.
        decisive_place: its finger.
        hands: what was examined, left hand first; counted in `counts`.
        counts: of the map's states.
        skipped: fingers and sectors that were not examined, with the reason.
        thumbs: how many thumbs have figures and enter none of the exam, in words; empty without any.
    """

    language: str
    paper: str
    title: str
    institution: str
    address: str
    footer: str
    logo: str
    pseudonym: str
    exam_id: str
    date: str
    time: str
    operator: str
    protocol: str
    status: str
    is_validated: bool
    validator: str
    made: str
    verdict: ScoreView
    sub_pattern: ScoreView
    physician_pattern: str
    advice: AdviceView | None
    decisive: PictureView | None
    decisive_place: str
    hands: tuple[HandView, ...]
    counts: Mapping[str, int]
    figures: tuple[Cell, ...]
    columns: tuple[Cell, ...]
    finger_rows: tuple[FingerRow, ...]
    exam_row: tuple[Cell, ...]
    thumbs: str
    has_edits: bool
    facts: tuple[Fact, ...]
    skipped: tuple[Fact, ...]
    conclusion: tuple[str, ...]
    fingers: tuple[FingerPage, ...]
    trends: Trends | None
    trace: Trace | None
