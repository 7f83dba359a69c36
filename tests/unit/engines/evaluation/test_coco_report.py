"""The report as a person reads it, and as JSON, from a picture worked by hand."""

import json
from dataclasses import replace

import pytest

from appliance.domain.detection import SizeClass
from engines.evaluation.coco.figures import all_figures, figures_document
from engines.evaluation.coco.outcome import Outcome
from engines.evaluation.coco.plots import plots
from engines.evaluation.coco.report import report
from tests.support.labelled import label, loop, outcome

LEFT, RIGHT, FAR = (0.0, 0.0, 20.0, 40.0), (50.0, 0.0, 20.0, 40.0), (300.0, 300.0, 20.0, 40.0)


def picture(subject: str = "") -> Outcome:
    """Two of three loops found, one of them 2 px too wide; one finding without a label."""
    labels = [
        label(LEFT, widths_px=(10.0, 8.0, None), size=SizeClass.ENLARGED),
        label(RIGHT, "giant"),
        label((100.0, 0.0, 20.0, 40.0), "tortuous"),
    ]
    found = [loop(LEFT, 0.9, widths_px=(12.0, None, None), um_per_px=2.0), loop(RIGHT, 0.5, "giant"), loop(FAR, 0.6)]
    one = outcome(labels, found, um_per_px=2.0, density=(8.0, 7.0))
    return replace(one, image=replace(one.image, subject=subject))


def line(text: str, start: str) -> list[str]:
    """The words of the one line that begins so, after its beginning."""
    found = [one.strip() for one in text.splitlines() if one.strip().startswith(start)]
    assert len(found) == 1, text
    return found[0].removeprefix(start).split()


def test_the_report_says_what_was_found() -> None:
    text = report(all_figures([picture()], True, 1000, 1), 0.4)
    assert line(text, "1 pictures, ")[0] == "0"
    assert "without intervals" in text, "one picture cannot tell any"
    table = text[text.index("found at confidence 0.40") : text.index("shapes: labelled")]
    assert line(table, "capillary, any shape") == ["3", "2", "1", "66.7%", "66.7%", "1.00"]
    assert line(table, "haemorrhage") == ["0", "0", "0", "-", "-", "-"]
    assert line(text, "apical") == ["1", "100.0%", *["2.00", "px"] * 4, "100.0%"]
    assert "4.00 um" in text
    assert line(text, "arterial") == ["1", "0.0%", *["-", "px"] * 4, "0.0%"]
    assert line(text, "Bland-Altman bias") == ["1.00", "per", "mm"]
    assert line(text, "limits of agreement") == ["-", "to", "-", "per", "mm"]
    assert "agreement 0.0%" in text


def test_without_widths_calibre_and_density_the_report_says_so() -> None:
    text = report(all_figures([outcome([label(LEFT)], [loop(LEFT, 0.9)])], False, 0, 1), 0.4)
    for words in (
        "widths: none is labelled",
        "calibre: none is labelled",
        "density: none is labelled",
        "not exhaustive",
    ):
        assert words in text


def test_brackets_name_what_was_resampled() -> None:
    same = [picture("a"), picture("a"), picture("b")]
    assert "95 % intervals over 2 subjects" in report(all_figures(same, True, 50, 1), 0.4)
    assert "95 % intervals over pictures" in report(all_figures([picture(), picture()], True, 50, 1), 0.4)


def test_the_document_is_plain_json_and_keeps_a_line_a_picture() -> None:
    outcomes = [picture(), picture()]
    document = figures_document(all_figures(outcomes, True, 50, 1), outcomes)
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again["detection"]["capillary"]["precision"] == {
        "value": pytest.approx(2 / 3, abs=1e-4),
        "low": 0.6667,
        "high": 0.6667,
    }
    assert again["confusion"]["rows_labelled_columns_found"][3][3] == 2
    assert [(one["loops_labelled"], one["loops_right"], one["loops_without_label"]) for one in again["images"]] == [
        (3, 2, 1)
    ] * 2
    assert again["density"]["bias"]["value"] == 1.0


@pytest.mark.parametrize(
    ("made", "is_exhaustive", "names"),
    [
        (picture(), True, {"confusion", "precision_recall", "widths", "density_bland_altman"}),
        (picture(), False, {"confusion", "widths", "density_bland_altman"}),
        (outcome([label(LEFT)]), True, {"confusion", "precision_recall"}),
        (outcome([label(LEFT, widths_px=(5.0, None, None))], [loop(LEFT, 0.9)]), False, {"confusion"}),
    ],
)
def test_what_cannot_be_drawn_is_left_out(made: Outcome, is_exhaustive: bool, names: set[str]) -> None:
    drawn = plots(all_figures([made], is_exhaustive, 0, 1))
    assert set(drawn) == {f"{name}.png" for name in names}
    assert all(png.startswith(b"\x89PNG") for png in drawn.values())
