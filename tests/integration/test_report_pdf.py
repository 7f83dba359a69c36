"""Reports as PDF, read back by another library."""

import base64
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from pypdfium2 import raw

from appliance.domain.errors import ExportError
from appliance.domain.exam import ImageKind, Placement, Sector
from appliance.domain.pattern import NailfoldPattern
from appliance.exports.report import template as own_templates
from appliance.exports.report.pdf import LONGEST_CPU_S, SHORTEST_CPU_S, cpu_seconds, html_to_pdf
from appliance.exports.report.report_service import Choice, ReportService
from appliance.limited_process import LimitedProcess
from tests.support.exam_parts import NOON
from tests.support.report_exams import ADVICE, JOURNAL, earlier_exam, exam_now, report_service
from tests.support.reviewed_exams import Loop, every_finger, exam_of, image_of

EXAM = exam_now().exam.exam_id
POINTS = {"a4": (595, 842), "letter": (612, 792)}
SAID = {
    "en": ("Category 2: scleroderma pattern", "excluded by the physician: hair over the row", "23 °C", "annex"),
    "es": ("Categoría 2: patrón esclerodérmico", "Densidad capilar", "Anexo técnico"),
    "fr": ("Catégorie 2 : paysage sclérodermique", "Densité capillaire", "Annexe technique"),
    "de": ("Kategorie 2: Sklerodermie-Muster", "Kapillardichte", "Rückverfolgbarkeit"),
    "it": ("Categoria 2: pattern sclerodermico", "Densità capillare", "Allegato tecnico"),
}


def text_of(pdf: bytes) -> list[str]:
    """The words of each page, in one line."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_bounded().split()).replace("\ufffe", "-") for page in document]
    finally:
        document.close()


def size_of(pdf: bytes) -> tuple[int, int]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        width, height = document[0].get_size()
        return round(width), round(height)
    finally:
        document.close()


def fonts_are_embedded(pdf: bytes) -> bool:
    """Whether every text of the first page brings its font."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        texts = list(document[0].get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]))
        fonts = [raw.FPDFTextObj_GetFont(one.raw) for one in texts]
        return bool(fonts) and all(raw.FPDFFont_GetIsEmbedded(font) == 1 for font in fonts)
    finally:
        document.close()


def validated_service(folder: Path, pages: str) -> ReportService:
    """A service on an exam with everything that a report can say, with these pages after the summary."""
    (folder / "form.toml").write_text(f"pages = {pages}\n")
    validated = exam_now(
        conclusion="Control in <six> months.",
        pattern=NailfoldPattern.LATE,
        validated_by="klein",
        validated_at_utc=NOON,
    )
    return report_service(earlier_exam(), validated, folder=folder, facts={"room_temperature_c": 23.0}, advice=ADVICE)


# The longest language on the shortest paper.
@pytest.mark.parametrize(("language", "paper"), [("en", "a4"), ("es", "letter")])
def test_a_report_has_its_pages_its_paper_and_its_words(tmp_path: Path, language: str, paper: str) -> None:
    pdf = validated_service(tmp_path, '["fingers", "trends", "trace"]').pdf(EXAM, Choice(language, paper))
    pages = text_of(pdf)
    # The result; the fingers' figures and both fingers; course; technical annex.
    assert len(pages) in (4, 5)
    assert size_of(pdf) == POINTS[paper]
    assert_said(language, pages)
    assert fonts_are_embedded(pdf)


@pytest.mark.parametrize(("language", "paper"), [("fr", "a4"), ("de", "letter"), ("it", "a4")])
def test_result_figures_and_annex_are_a_page_each_in_every_language(tmp_path: Path, language: str, paper: str) -> None:
    pages = text_of(validated_service(tmp_path, '["trace"]').pdf(EXAM, Choice(language, paper)))
    assert len(pages) == 3
    assert_said(language, pages)


def test_no_figure_leaves_the_paper_and_no_word_is_spaced_like_a_column(tmp_path: Path) -> None:
    """What is seen and does not count stands beside its number, on every finger."""
    (tmp_path / "form.toml").write_text('pages = ["fingers"]\n')
    counted = every_finger([*[Loop(24)] * 12, Loop(62, "giant"), Loop(18, "ramified")], haemorrhages=2)
    aside = [
        image_of(
            [Loop(70, "giant"), Loop(19, "ramified")],
            Placement(one.image.hand, one.image.finger, Sector.PANORAMIC),
            number=number,
            haemorrhages=3,
            kind=ImageKind.PANORAMA,
        )
        for number, one in enumerate(counted, start=20)
    ]
    exam = replace(
        exam_of(*(replace(one, is_edited=True) for one in counted), *aside),
        conclusion="Control in six months.\nAnd a second line of what the physician concludes from all of it.",
        pattern=NailfoldPattern.ACTIVE,
        validated_by="klein",
        validated_at_utc=NOON,
    )
    # German on the narrower paper has the longest of these words.
    service = report_service(
        earlier_exam(), exam, folder=tmp_path, facts={"room_temperature_c": 23.0, "disorganisation": 1.0}, advice=ADVICE
    )
    document = pypdfium2.PdfDocument(service.pdf(EXAM, Choice("de", "a4")))
    try:
        lines = [(page.get_width(), page.get_textpage()) for page in document]
        margin = 15 * 72 / 25.4 - 1
        for width, text in lines:
            boxes = [text.get_charbox(at) for at in range(text.count_chars())]
            seen = [box for box in boxes if box[2] > box[0]]
            assert margin <= min(box[0] for box in seen)
            assert max(box[2] for box in seen) <= width - margin
        assert "+1 gesehen" in " ".join(text.get_text_bounded() for _, text in lines[1:])
        # The first page is the result: the physician's words and signature are on it.
        assert "Unterschrift" in lines[0][1].get_text_bounded()
        first = lines[0][1]
        at = first.get_text_range().replace("\ufffe", "-").index("NC-0042")
        letter, digit, next_digit = (first.get_charbox(at + offset) for offset in (1, 3, 4))
        # Where figures are as wide as each other, the font makes hyphens as wide: more than from figure to figure.
        assert digit[0] - letter[2] < next_digit[0] - digit[0]
    finally:
        document.close()


def assert_said(language: str, pages: list[str]) -> None:
    everything = " ".join(pages)
    for said in SAID[language]:
        assert said.replace("\u00a0", " ") in everything
    for said in ("Control in <six> months.", "Dr. Klein", "random forest"):
        assert said in pages[0]
    assert "sha256:" + "a" * 8 in pages[-1]
    [newest] = JOURNAL.entries(limit=1)
    assert f"{newest.seq} {newest.hash}" in pages[-1]


def test_an_exam_without_scale_pictures_or_validation_is_reported_as_such() -> None:
    bare = replace(exam_now(), images=(), exam=replace(exam_now().exam, images=()))
    pages = text_of(report_service(bare).pdf(EXAM))
    assert len(pages) == 3
    assert "Not validated by a physician" in pages[0]
    assert "no images" in pages[0]


def test_a_template_of_ones_own_changes_single_blocks(tmp_path: Path) -> None:
    own = (
        '{% extends "standard.html.jinja" %}{% block letterhead %}<p>Clinic {{ report.exam_id[-4:] }}</p>{% endblock %}'
    )
    (tmp_path / "template.html.jinja").write_text(own)
    (tmp_path / "form.toml").write_text('pages = []\ntitle = "Our title"\n[[fields]]\nkey = "oil"\nlabel = "Oil"\n')
    service = report_service(exam_now(), folder=tmp_path, facts={"oil": "cedar", "smoking": "no"})
    page = service.html(EXAM, Choice(), lambda *_: "/a.jpg", "", "/style.css")
    assert "<p>Clinic 0063</p>" in page
    assert "<h1>Our title</h1>" in page
    assert "<dt>Oil</dt><dd>cedar</dd>" in page
    assert "Smoking" not in page
    assert "Technical annex" not in page


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("<p>\n{{ report.pationt }}", r"template\.html\.jinja, line 2: .*pationt"),
        ("<p>\n\n{% for x in report.facts %}", r"template\.html\.jinja, line 3: "),
        ("{{ ''.__class__.__mro__ }}", r"template\.html\.jinja, line 1: .*unsafe"),
        ('{% extends "nowhere.html" %}', r"template\.html\.jinja.*nowhere"),
        ("{{ 1 / 0 }}", r"line 1: ZeroDivisionError"),
        ('{% include "/etc/passwd" %}', r"line 1: .*etc/passwd"),
    ],
)
def test_a_template_with_a_fault_gives_one_clear_line(tmp_path: Path, template: str, said: str) -> None:
    (tmp_path / "template.html.jinja").write_text(template)
    with pytest.raises(ExportError, match=said) as refused:
        report_service(exam_now(), folder=tmp_path).pdf(EXAM)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "took more than 1 s"),
        ("{% set a = 'x' * 900000000 %}{{ a }}", "too much memory"),
    ],
)
def test_a_template_that_takes_too_much_costs_its_own_report_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: str, said: str
) -> None:
    monkeypatch.setattr(own_templates, "_OWN", LimitedProcess(memory_bytes=300_000_000, timeout_s=1.0))
    (tmp_path / "template.html.jinja").write_text(template)
    with pytest.raises(ExportError, match=said):
        report_service(exam_now(), folder=tmp_path).pdf(EXAM)
    (tmp_path / "template.html.jinja").unlink()
    assert "NC-0042" in report_service(exam_now(), folder=tmp_path).html(EXAM, Choice(), lambda *_: "", "", "")


def test_a_picture_in_a_template_that_is_larger_than_it_looks_costs_its_report_alone() -> None:
    packed = BytesIO()
    Image.new("L", (9000, 9000)).save(packed, "PNG")
    picture = base64.b64encode(packed.getvalue()).decode()
    with pytest.raises(ExportError, match="too much memory"):
        html_to_pdf(f'<html><body><img src="data:image/png;base64,{picture}"></body></html>', memory_bytes=50_000_000)


@pytest.mark.parametrize(
    "cells",
    [
        "<tr><td colspan=100000000>x",
        "<tr><td rowspan=99999999999999999999>x",
        "<colgroup span=100000000></colgroup><tr><td>x",
        "<col span=100000000><tr><td>x",
        "<tr><td colspan=-1 rowspan=1e9>x",
    ],
)
def test_a_cell_that_spans_a_hundred_million_columns_spans_no_more_than_in_a_browser(cells: str) -> None:
    assert html_to_pdf(f"<html><body><table>{cells}</table></body></html>", memory_bytes=300_000_000)


def test_few_lines_get_less_of_a_core_than_a_report_of_many_pages() -> None:
    assert cpu_seconds(2_000) == SHORTEST_CPU_S
    assert SHORTEST_CPU_S < cpu_seconds(1_000_000) < cpu_seconds(100_000_000) == LONGEST_CPU_S


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A web server and what it was asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_report_asks_nobody_for_anything(tmp_path: Path, asked: tuple[str, list[str]]) -> None:
    address, paths = asked
    (tmp_path / "form.toml").write_text("pages = []\n")
    (tmp_path / "style.css").write_text(f'body {{ background: url("{address}/a.png") }}\n@import "{address}/b.css";')
    (tmp_path / "template.html.jinja").write_text(
        f'<html><head>{{{{ head }}}}</head><body><img src="{address}/c.png"><img src="file:///etc/hostname">ok</body></html>'
    )
    assert text_of(report_service(exam_now(), folder=tmp_path).pdf(EXAM)) == ["ok 1 / 1"]
    assert paths == []


def test_a_paper_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ExportError, match="a5"):
        report_service(exam_now()).pdf(EXAM, Choice(paper="a5"))


def test_a_long_pseudonym_and_a_long_name_stand_beside_each_other(tmp_path: Path) -> None:
    """The stamp of the validation covers no word of the patient, and the page's number is whole."""
    footer = "For the eyes of those who treat this patient, and nobody else in or outside of this house. " * 2
    (tmp_path / "form.toml").write_text(f'pages = []\nfooter = "{footer.strip()}"\n')
    pseudonym = "CLINIC-2026-RHEUMA-000123456789-A-LONG-PSEUDONYM"
    before = exam_now(validated_by="maximiliane von und zu hohenstein-weissenburg", validated_at_utc=NOON)
    exam = replace(before, exam=replace(before.exam, patient_pseudonym=pseudonym))
    document = pypdfium2.PdfDocument(report_service(exam, folder=tmp_path).pdf(EXAM, Choice("de", "letter")))
    try:
        first = document[0].get_textpage()
        said = first.get_text_range().replace("\ufffe", "-")
        boxes = [first.get_charbox(at) for at in range(first.count_chars())]
        at = {word: said.index(word) for word in ("CLINIC-2026", "12:00", "Validiert von")}
        stamp_left = min(box[0] for box in boxes[at["Validiert von"] : at["Validiert von"] + 13])
        stamp_bottom = min(box[1] for box in boxes[at["Validiert von"] : at["Validiert von"] + 60] if box[3] > box[1])
        for left, bottom, right, top in boxes[at["CLINIC-2026"] : at["12:00"] + 5]:
            assert right <= stamp_left or top <= stamp_bottom or left == right or bottom == top
        assert f"1 / {len(document)}" in said
    finally:
        document.close()
