import ast
import json
from pathlib import Path

import pytest

import webui
from appliance import analysis
from appliance.analysis.exam_figures import exam_figures
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.scores import FAST_TRACK_RULES, PATTERN_RULES
from appliance.exports.report import terms
from appliance.exports.report.cells import cell, doubts, rule_words
from appliance.exports.report.localisation import Localisation
from appliance.texts import LANGUAGES
from tests.support.reviewed_exams import Loop, every_finger, exam_of, image_of
from webui.localisation.catalogue import catalogue
from webui.localisation.figure_formatting import format_figure


def test_every_figure_has_its_words_and_the_tables_own_source() -> None:
    words = catalogue()["metrics"]
    assert {key: words[key]["source"] for key in DEFINITIONS} == {key: one.source for key, one in DEFINITIONS.items()}
    assert all(words[key]["name"] and words[key]["definition"] for key in DEFINITIONS)
    assert terms.FIGURES.keys() == DEFINITIONS.keys()


def test_every_reason_and_rule_that_the_analysis_gives_has_words_on_pages_and_in_reports() -> None:
    reasons: set[str] = set()
    for name in ("exam_figures", "exam_scores", "group_figures", "image_pattern", "density"):
        tree = ast.parse((Path(analysis.__file__).parent / f"{name}.py").read_text("utf-8"))
        reasons |= {
            node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id.isupper()
            and node.targets[0].id != "GREY_ZONE"
        }
        reasons |= {
            argument.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "abstaining"
            for argument in node.args[1:2]
            if isinstance(argument, ast.Constant)
        }
    assert len(reasons) > 10
    assert reasons <= catalogue()["because"].keys()
    assert reasons <= terms.BECAUSE.keys()
    rules = {rule.key for rule in (*FAST_TRACK_RULES, *PATTERN_RULES)}
    assert rules <= catalogue()["rules"].keys() & terms.RULES.keys()


def test_what_does_not_count_is_said_beside_the_number_on_pages_and_in_reports() -> None:
    aside = image_of([Loop(56, "giant")], number=20, reasons=("glare",))
    found = exam_figures(exam_of(*every_finger([Loop()] * 8), aside)).exam
    words = format_figure("giants", found["giants"])
    assert (words.value, words.aside) == ("0", "+1 seen, not counted")
    printed = cell(Localisation("en"), "giants", found["giants"])
    assert (printed.value, printed.aside) == ("0", "+1 seen, not counted")
    assert "giants seen in pictures that do not count: 1" in doubts(
        Localisation("en"), "fast_track", found["fast_track"]
    )


def test_rules_cut_offs_bounds_and_grey_zones_are_in_words() -> None:
    found = exam_figures(exam_of(*every_finger([*[Loop()] * 6, Loop(90, "giant")], haemorrhages=1))).exam
    words = Localisation("en")
    assert format_figure("nemo", found["nemo"]).value == "\N{GREATER-THAN OR EQUAL TO} 8"
    assert cell(words, "nemo", found["nemo"]).value == "\N{GREATER-THAN OR EQUAL TO} 8"
    csuri = format_figure("csuri", found["csuri"]).note
    assert "not above the cut-off of 2.94" in csuri
    assert "picture 1.28 mm wide: the cut-off of 2.94 is for 1.57 mm" in csuri
    assert "image 1.28 mm wide: the cut-off of 2.94 is for 1.57 mm" in cell(words, "csuri", found["csuri"]).note
    pattern = format_figure("sub_pattern", found["sub_pattern"])
    assert pattern.note == "giants and 7 or more capillaries per mm; Grey zone: within the error also active."
    assert rule_words(Localisation("de"), "early") == "Riesenkapillaren und mindestens 7 Kapillaren pro mm"


def test_numbers_stand_with_their_uncertainty_and_missing_ones_with_their_reason() -> None:
    found = exam_figures(exam_of(*every_finger([Loop(22)] * 8))).exam
    density = format_figure("density_per_mm", found["density_per_mm"])
    assert (density.value, density.note) == ("8.0", "± 1.0")
    assert "(95 %)" in density.detail
    missing = format_figure("mes", found["mes"])
    assert (missing.value, missing.is_missing, missing.note) == ("\N{EN DASH}", True, "disorganisation not rated")


def test_every_share_says_of_how_many_loops_it_is() -> None:
    found = exam_figures(exam_of(*every_finger([Loop(22), Loop(30), Loop(), Loop()]))).exam
    shares = [key for key, one in DEFINITIONS.items() if one.kind is Kind.SHARE]
    assert "share_enlarged" in shares
    for key in shares:
        basis = found[key].basis
        words = f"{basis[key.removeprefix('share_')]} of {basis['capillaries']} loops"
        assert format_figure(key, found[key]).detail.endswith(words), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_a_figure_is_missing_is_said_in_the_same_words_on_the_page_and_on_paper(language: str) -> None:
    on_page = json.loads((Path(webui.__file__).parent / "texts" / f"{language}.json").read_text("utf-8"))["because"]
    printed = Localisation(language)
    assert on_page == {reason: printed(words) for reason, words in terms.BECAUSE.items()}
