"""Reports of exams, as pages for a screen and as PDF."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from markupsafe import Markup

from appliance.analysis.exam_figures import exam_figures
from appliance.domain.errors import ExportError, NotKeptError, StoreError
from appliance.domain.exam import Exam
from appliance.domain.exam_figures import ExamFigures
from appliance.domain.pattern import PatternAdvice
from appliance.domain.review import ReviewedExam, ReviewedImage, unreviewed
from appliance.exports.progress import Progress
from appliance.exports.report.build_view import CSS_PAPERS, build_view
from appliance.exports.report.folder import FORM_NAME, ReportFolder, data_address, font_faces
from appliance.exports.report.form import PAPERS, ReportForm
from appliance.exports.report.form_writer import form_toml
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.material import EarlierExam, Material, PictureSource, engines_of
from appliance.exports.report.pdf import html_to_pdf
from appliance.exports.report.picture import missing_jpeg, report_jpeg
from appliance.exports.report.template import render_html
from appliance.ports import Journal

MOST_EARLIER = 12
"""Earlier exams in a comparison: the newest dozen still fits a plot."""


@dataclass(frozen=True)
class ReportSources:
    """Where a report's content comes from; every callable is safe to call from any thread.

    Attributes:
        reviewed: an exam as the physician left it.
        figures: of an exam as reviewed.
        facts: what was stated in the report's form.
        exams_of: all finished exams of a pseudonym, in any order, with or without their images.
        png: a stored still, by exam and image.
        full_name: of an account by its name; the name itself where there is no such account.
        journal: whose newest entry is printed, and which takes one for every report that is made and every change here.
        now_utc: the clock.
        pattern_advice: of an installed classifier; None without one.
    """

    reviewed: Callable[[str], ReviewedExam]
    figures: Callable[[str], ExamFigures]
    facts: Callable[[str], Mapping[str, str | float]]
    exams_of: Callable[[str], Sequence[Exam]]
    png: Callable[[str, str], bytes]
    full_name: Callable[[str], str]
    journal: Journal
    now_utc: Callable[[], datetime]
    software_version: str
    pattern_advice: Callable[[ReviewedExam], PatternAdvice | None] = lambda _: None


@dataclass(frozen=True)
class Choice:
    """What a reader asked for; None takes the form's own.

    Attributes:
        made_by: printed as the maker of the report; empty on the command line.
    """

    language: str | None = None
    paper: str | None = None
    made_by: str = ""


class ReportService:
    """Makes reports from what is kept and from the clinic's own form, template and style."""

    def __init__(self, sources: ReportSources, folder: ReportFolder) -> None:
        self._sources = sources
        self.folder = folder

    def pdf(self, exam_id: str, choice: Choice | None = None, progress: Progress | None = None) -> bytes:
        """The report as PDF; takes seconds, in another process.

        Raises:
            ExportError: a template, form or style of the clinic cannot be used, or a language or paper is unknown.
            NotKeptError: there is no such exam.
            JobCancelledError: nobody waits any more, as `progress` says.
        """
        choice = choice or Choice()
        form = self.folder.form()
        paper = _paper(choice, form)
        style = f"{font_faces()}\n{self.folder.style()}\n@page {{ size: {CSS_PAPERS[paper]} }}"
        logo = self.folder.logo()
        logo_address = "" if logo is None else data_address(*logo)
        material = self.material(exam_id, form, choice.made_by)
        head = Markup(f"<style>{style}</style>")  # noqa: S704 (the clinic's own; no script runs while pages are made)
        html = self._html(material, form, choice, self._carried(material), logo_address, head)
        return html_to_pdf(html, progress)

    def issue(self, exam_id: str, actor: str, choice: Choice | None = None, progress: Progress | None = None) -> bytes:
        """As `pdf`, for somebody who takes it away: the journal knows before it leaves."""
        made = self.pdf(exam_id, choice, progress)
        self._sources.journal.append(actor, f"report:{exam_id}", "report.made", {"bytes": len(made)})
        return made

    def change_form(self, actor: str, form: ReportForm) -> None:
        """The clinic's form from now on. Raises ExportError as `ReportFolder.keep`."""
        source = form_toml(form)
        self.folder.keep(FORM_NAME, source.encode(), self._note(actor, "report.form_changed", {"form": source}))

    def keep_file(self, actor: str, name: str, content: bytes) -> None:
        """A template, style or logo of the clinic's own. Raises ExportError as `ReportFolder.keep`."""
        detail = {"name": name, "bytes": len(content)}
        self.folder.keep(name, content, self._note(actor, "report.file_kept", detail))

    def remove_file(self, actor: str, name: str) -> None:
        """Back to the standard one."""
        self.folder.remove(name, self._note(actor, "report.file_removed", {"name": name}))

    def html(self, exam_id: str, choice: Choice, picture: PictureSource, logo: str, style: str) -> str:
        """The same report for a screen.

        Args:
            picture: address of a picture of the exam.
            logo: address of the logo; used where there is one.
            style: address of the style sheet.
        """
        logo_address = logo if self.folder.logo() is not None else ""
        head = Markup(f'<link rel="stylesheet" href="{escape(style)}">')  # noqa: S704 (escaped)
        form = self.folder.form()
        material = self.material(exam_id, form, choice.made_by)
        return self._html(material, form, choice, picture, logo_address, head)

    def picture(self, exam_id: str, image_id: str, is_drawn: bool, width_px: int) -> bytes:
        """JPEG of one still, with what was found after review drawn in; crossed out where its file cannot be read.

        Raises:
            NotKeptError: there is no such image.
        """
        for one in self._sources.reviewed(exam_id).images:
            if one.image.image_id == image_id:
                return self._picture(exam_id, one, is_drawn, width_px)
        raise NotKeptError(f"there is no image {image_id} in exam {exam_id}", "Reload the page.")

    def material(self, exam_id: str, form: ReportForm, made_by: str = "") -> Material:
        """Everything that the report is made from. Raises NotKeptError."""
        sources, reviewed = self._sources, self._sources.reviewed(exam_id)
        return Material(
            reviewed=reviewed,
            figures=sources.figures(exam_id),
            machine=exam_figures(unreviewed(reviewed.exam)),
            facts=sources.facts(exam_id),
            earlier=self._earlier(reviewed.exam),
            validator="" if reviewed.validated_by is None else sources.full_name(reviewed.validated_by),
            operator=sources.full_name(reviewed.exam.operator) if reviewed.exam.operator else "",
            journal_head=_head(sources.journal),
            made_at_utc=sources.now_utc(),
            made_by=sources.full_name(made_by) if made_by else "",
            software_version=sources.software_version,
            advice=sources.pattern_advice(reviewed) if form.pattern_advice else None,
        )

    def _note(self, actor: str, action: str, detail: Mapping[str, Any]) -> Callable[[], object]:
        return lambda: self._sources.journal.append(actor, "report", action, detail)

    def _earlier(self, exam: Exam) -> tuple[EarlierExam, ...]:
        found = [
            one for one in self._sources.exams_of(exam.patient_pseudonym) if one.started_at_utc < exam.started_at_utc
        ]
        newest = sorted(found, key=lambda one: one.started_at_utc)[-MOST_EARLIER:]
        return tuple(
            EarlierExam(
                one.exam_id,
                one.started_at_utc,
                self._sources.figures(one.exam_id),
                engines_of(self._sources.reviewed(one.exam_id)),
            )
            for one in newest
        )

    def _html(
        self, material: Material, form: ReportForm, choice: Choice, picture: PictureSource, logo: str, head: Markup
    ) -> str:
        localisation = Localisation(choice.language or form.language)
        view = build_view(localisation, material, form, _paper(choice, form), picture, logo)
        return render_html(view, localisation, head, self.folder.template())

    def _carried(self, material: Material) -> PictureSource:
        """Pictures inside the document itself."""
        exam_id = material.reviewed.exam.exam_id
        reviewed = {one.image.image_id: one for one in material.reviewed.images}

        def address(image_id: str, is_drawn: bool, width_px: int) -> str:
            jpeg = self._picture(exam_id, reviewed[image_id], is_drawn, width_px)
            return data_address(jpeg, "image/jpeg")

        return address

    def _picture(self, exam_id: str, reviewed: ReviewedImage, is_drawn: bool, width_px: int) -> bytes:
        drawn = reviewed if is_drawn else None
        try:
            return report_jpeg(self._sources.png(exam_id, reviewed.image.image_id), drawn, width_px)
        except NotKeptError:
            raise
        except StoreError:
            return missing_jpeg((reviewed.analysis.width_px, reviewed.analysis.height_px), drawn, width_px)


def _head(journal: Journal) -> str:
    newest = journal.entries(limit=1)
    return f"{newest[-1].seq} {newest[-1].hash}" if newest else ""


def _paper(choice: Choice, form: ReportForm) -> str:
    paper = choice.paper or form.paper
    if paper not in PAPERS:
        raise ExportError(f"there is no paper {paper!r}", f"Choose one of {', '.join(PAPERS)}.")
    return paper
