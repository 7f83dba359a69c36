"""No text says "1 exams": a count has the forms of its language wherever a text is kept, or needs none."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

import pytest
from babel import Locale

from appliance.exports.report.localisation import Localisation
from appliance.texts import LANGUAGES
from appliance.texts.plural_forms import blanks, filled, forms
from tests.support.report_messages import report_messages
from webui.localisation.catalogue import catalogue

ROOT = Path(__file__).parents[3]
CASES = json.loads((ROOT / "tests/data/plural_forms.json").read_text("utf-8"))
ANY_COUNT = range(1000)

COUNTS = """
    all boxes capillaries captured count current done dropped enlarged entries erased exams fingers giants
    haemorrhages here images images_without_category in_grey_zone needing new online part possible_giants ramified
    ramified_giants ramified_giants_aside seen stored thumbs_aside total
"""
"""What a blank called so is filled with is a number of things."""
NO_COUNTS = """
    actor address age angle band because by cut cut_off date day density device earliest eight engines entry
    evaluable_mm every extremely_up_to f1 failed field figure finger fps full_name hand healthy_exam high host
    hours icc image_width_mm index instant keys known largest_um largest_width length limit longest low
    magnification mb mean_width meaning median message method most name normal_from note now number off one origin
    others overlay page pages pattern percent place pseudonym reason reference reference_width_mm role row runtime
    same scale score sd seconds sector seq shortest size software source status time trained_on um unit value
    verdict way what when where width word
"""
"""Names, moments, measures with their unit, ordinals, and limits of the software that are never 1."""
FOR_ANY_COUNT = {
    "en": "of waiting without refused captured chosen done measured sent hidden online more seen ramified",
    "de": "von ohne abgelehnt aufgenommen ausgewählt davon erledigt gemessen gesendet gesehenen verdeckt online"
    " verbunden weitere der",
    "es": "de en sin más",
    "fr": "en sans sur de des",
    "it": "in senza di su dei",
}
"""Words behind a count that are the same for every count."""
UNITS = frozenset({"d", "h", "min", "s", "T", "j", "g"})
BEHIND = re.compile(r"\{(\w+)\}[ \u00a0]([^\W\d_]+)")


@pytest.mark.parametrize(("language", "text", "values", "said"), CASES)
def test_a_text_takes_the_form_of_its_count(language: str, text: str, values: dict[str, object], said: str) -> None:
    assert filled(text, language, values) == said


def test_a_count_that_was_not_given_is_no_form() -> None:
    with pytest.raises(KeyError):
        filled("{count, plural, one {#} other {#}}", "en", {})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_count_has_every_form_of_its_language(language: str) -> None:
    wanted = {Locale.parse(language).plural_form(count) for count in ANY_COUNT}
    found = [(key, name, set(of)) for key, text in texts_of(language) for name, of in forms(text)]
    assert len(found) > 40
    assert [one for one in found if one[2] != wanted] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_behind_a_count_has_forms_or_is_known_to_need_none(language: str) -> None:
    fixed = set(FOR_ANY_COUNT[language].split()) | UNITS
    behind = [
        (key, text) for key, text in texts_of(language) for name, word in BEHIND.findall(text)
        if name in COUNTS.split() and word not in fixed
    ]  # fmt: skip
    assert behind == []


def test_every_blank_is_known_as_a_count_or_as_none() -> None:
    every = set(chain.from_iterable(blanks(text) for language in LANGUAGES for _, text in texts_of(language)))
    counts, others = set(COUNTS.split()), set(NO_COUNTS.split())
    assert not counts & others
    assert sorted(every - counts - others) == [], "say in this test whether it is a count"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_has_the_same_blanks_in_every_language(language: str) -> None:
    english = dict(texts_of("en"))
    assert {key: blanks(text) for key, text in texts_of(language)} == {
        key: blanks(text) for key, text in english.items()
    }


def texts_of(language: str) -> Iterator[tuple[str, str]]:
    """Key and text, of pages with the tables, of the console and of the report."""
    yield from _leaves(catalogue(language), "pages.")
    yield from _leaves(json.loads((ROOT / f"webui/console/texts/{language}.json").read_text("utf-8")), "console.")
    words = Localisation(language)
    yield from ((f"report.{message}", words.unfilled(message)) for message in report_messages())


def _leaves(node: dict[str, object], before: str) -> Iterator[tuple[str, str]]:
    for name, inner in node.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{before}{name}.")
        else:
            yield before + name, str(inner)


SMALL = re.compile(
    r"^(len\(|sum\()|\b(count|exams|images|pictures|entries|stills|boxes|files|seen|damaged|asked|under_way)\b"
)
MORE = re.compile(r" (?:[a-z']+ ){0,3}?(?:[a-z]+[^s' ]s|entries|pictures|images|boxes)\b")
NEVER_ONE = {
    "appliance/analysis/micrometer.py": "more than one scale, which is what is said",
    "appliance/apps/archive/export_choice.py": "none, or more than one",
    "appliance/apps/archive/import_review.py": "more than the most that is read",
    "appliance/apps/fleet_server/site_store.py": "none, or more than the longest",
    "appliance/apps/engines/builds.py": "the images of the gate",
    "appliance/domain/bands.py": "a programmer's slip",
    "appliance/domain/folder.py": "none, or more than the longest",
    "appliance/domain/pseudonym.py": "more than the longest",
    "appliance/domain/review_edits.py": "more than the longest",
    "appliance/exam/motion_jpeg.py": "more than a file holds",
    "appliance/exam/report_facts.py": "more than the longest",
    "appliance/exam/review_service.py": "more than the longest",
    "appliance/exam/session.py": "none, or more than the longest",
    "appliance/exports/archive/exam_json.py": "none, or more than one",
    "appliance/exports/archive/safe_zip.py": "more than the most",
    "appliance/exports/report/folder.py": "more than the largest",
    "appliance/exports/report/form.py": "a field without choices, or one that takes none",
    "appliance/apps/station/restoring.py": "the most tries",
    "appliance/storage/patient_keys.py": "of the keys of all patients",
    "appliance/transport/delivery.py": "more than a broker takes",
    "firmware/protocol.py": "more than the longest",
}


def test_a_message_in_the_code_counts_by_counted() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted(one for folder in ("appliance", "webui", "firmware") for one in (ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(("appliance/apps/workbench/", "webui/frontend/")):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.setdefault(name, []).extend(_counted_by_hand(node))
    assert {name: said for name, said in found.items() if said and name not in NEVER_ONE} == {}, "use counted()"
    assert [name for name in NEVER_ONE if not found[name]] == [], "nothing to excuse"


def _counted_by_hand(text: ast.JoinedStr) -> Iterator[str]:
    for part, behind in pairwise(text.values):
        if isinstance(part, ast.FormattedValue) and isinstance(behind, ast.Constant):
            counts = ast.unparse(part.value)
            if SMALL.search(counts) and MORE.match(str(behind.value)):
                yield f"{counts}{behind.value}"
