import ast
from pathlib import Path

from appliance import analysis
from appliance.analysis.exam_figures import exam_figures
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.scores import FAST_TRACK_RULES, SUB_PATTERN_RULES
from appliance.exports.report import terms
from tests.support.reviewed_exams import Loop, every_finger, exam_of
from webui.localisation.catalogue import catalogue
from webui.localisation.figure_formatting import format_figure


def test_every_figure_has_its_words_and_the_tables_own_source() -> None:
    words = catalogue()["metrics"]
    assert {key: words[key]["source"] for key in DEFINITIONS} == {key: one.source for key, one in DEFINITIONS.items()}
    assert all(words[key]["name"] and words[key]["definition"] for key in DEFINITIONS)
    assert terms.FIGURES.keys() == DEFINITIONS.keys()


def test_every_reason_and_rule_that_the_analysis_gives_has_words_on_pages_and_in_reports() -> None:
    reasons: set[str] = set()
    for name in ("exam_figures", "exam_scores", "group_figures", "density"):
        tree = ast.parse((Path(analysis.__file__).parent / f"{name}.py").read_text("utf-8"))
        reasons |= {
            node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id.isupper()
        }
        reasons |= {
            argument.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "abstaining"
            for argument in node.args[1:2]
            if isinstance(argument, ast.Constant)
        }
    assert len(reasons) > 12
    assert reasons <= catalogue()["because"].keys()
    assert reasons <= terms.BECAUSE.keys()
    rules = {rule.key for rule in (*FAST_TRACK_RULES, *SUB_PATTERN_RULES)}
    assert rules <= catalogue()["rules"].keys() & terms.RULES.keys()


def test_numbers_stand_with_their_uncertainty_and_missing_ones_with_their_reason() -> None:
    found = exam_figures(exam_of(*every_finger([Loop(22)] * 8))).exam
    density = format_figure("density_per_mm", found["density_per_mm"])
    assert (density.value, density.note) == ("8.0", "± 0.6")
    assert "(95 %)" in density.detail
    missing = format_figure("mes", found["mes"])
    assert (missing.value, missing.is_missing, missing.note) == ("\N{EN DASH}", True, "disorganisation not rated")
