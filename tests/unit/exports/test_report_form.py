from pathlib import Path

import pytest

from appliance.domain.errors import ExportError
from appliance.exports.report.folder import ReportFolder, checked_style
from appliance.exports.report.form import STANDARD_FORM, read_form
from appliance.exports.report.form_writer import form_toml
from appliance.exports.report.localisation import Localisation

STANDARD = read_form(STANDARD_FORM.read_text("utf-8"), "form.toml")


def test_a_form_of_ones_own_keeps_the_standard_where_it_says_nothing() -> None:
    form = read_form('paper = "letter"\ninstitution = { en = "Clinic", de = "Klinik" }\n', "form.toml")
    assert form.paper == "letter"
    assert form.fields == STANDARD.fields
    assert form.text("institution", Localisation("de")) == "Klinik"
    assert form.text("institution", Localisation("fr")) == "Clinic"


def test_a_form_that_was_written_reads_back_the_same() -> None:
    source = """
title = "Kapillaren \\"neu\\""
address = { en = "A", it = "B" }
[[fields]]
key = "oil"
label = { en = "Oil", de = "Öl" }
choices = ["cedar", "paraffin"]
[[fields]]
key = "pulse"
kind = "number"
unit = "/min"
lowest = 30
"""
    form = read_form(source, "form.toml")
    assert read_form(form_toml(form), "form.toml") == form
    assert form.fields[0].kind == "choice"
    assert form.fields[0].name(Localisation("de")) == "Öl"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('paper = "a4"\nlanguage = "xx"\n', r"form\.toml, line 2: language has 'xx'; use en, es"),
        ('figures = ["density_per_mm",\n  "densty"]\n', r"form\.toml, line 2: figures has 'densty'"),
        ('colour = "red"\n', r"form\.toml, line 1: 'colour' is no entry of the form"),
        ("title = \n", r"form\.toml is no TOML: .*line 1"),
        ('[[fields]]\nkey = "My Field"\n', r"form\.toml, line 2: a field has the key 'My Field'"),
        ('[[fields]]\nkey = "a"\n[[fields]]\nkey = "a"\n', "two fields with the key 'a'"),
        ('[[fields]]\nkey = "abc"\nkind = "choice"\n', r"line 2: field 'abc' is a choice with 0 choices"),
        ("title = 3\n", r"line 1: title is 3, no text"),
    ],
)
def test_a_fault_is_one_line_that_names_the_place(source: str, said: str) -> None:
    with pytest.raises(ExportError, match=said) as refused:
        read_form(source, "form.toml")
    assert "\n" not in refused.value.message


def test_a_style_with_a_fault_names_its_line() -> None:
    assert checked_style("h1 { color: red }\n.a { margin: 0 }") == "h1 { color: red }\n.a { margin: 0 }"
    with pytest.raises(ExportError, match=r"style\.css, line 2"):
        checked_style("h1 { color: red }\n.a { margin 0 }")


def test_a_faulty_file_is_refused_and_the_one_before_stays(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path / "report")
    folder.keep("template.html.jinja", b"<p>{{ report.title }}</p>")
    with pytest.raises(ExportError, match=r"template\.html\.jinja, line 2: "):
        folder.keep("template.html.jinja", b"<p>\n{% if report.title %}")
    assert folder.template() == "<p>{{ report.title }}</p>"
    folder.remove("template.html.jinja")
    assert folder.template() is None
    assert (folder.path / "template.html.jinja~").exists()


@pytest.mark.parametrize("name", ["../form.toml", "evil.py", "/etc/passwd"])
def test_no_other_file_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match="is no file of a report"):
        ReportFolder(tmp_path).keep(name, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_logo_is_a_picture(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    with pytest.raises(ExportError, match="no PNG picture"):
        folder.keep("logo.png", b"<svg/>")
    folder.keep("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert folder.logo() == (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
