"""Every page speaks every language; the browser chooses."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance.exports.report.localisation import LANGUAGES
from webui.localisation.catalogue import TEXTS, catalogue

OTHERS = tuple(language for language in LANGUAGES if language != "en")
# Texts that carry no words, or the same word: names, units, codes.
_MOST_SHARED = 0.12


def test_languages_of_the_pages_are_those_of_the_report() -> None:
    assert {path.stem for path in TEXTS.glob("*.json")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_twice(language: str) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
        return dict(pairs)

    json.loads((TEXTS / f"{language}.json").read_text("utf-8"), object_pairs_hook=once)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_english_catalogue_is_translated_and_no_other(language: str) -> None:
    english, translated = dict(_texts(catalogue("en"))), dict(_texts(catalogue(language)))
    assert sorted(english.keys() - translated.keys()) == [], "missing"
    assert sorted(translated.keys() - english.keys()) == [], "nobody asks for them"
    assert [key for key, words in translated.items() if not words and english[key]] == [], "empty"


@pytest.mark.parametrize("language", OTHERS)
def test_texts_are_truly_translated(language: str) -> None:
    translated = dict(_texts(catalogue(language)))
    english = {
        key: words
        for key, words in _texts(catalogue("en"))
        if not key.endswith((".source", ".unit")) and not key.startswith("report.languages.")
    }
    same = [key for key, words in english.items() if translated.get(key) == words]
    assert len(same) < _MOST_SHARED * len(english), same


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_length_that_a_count_is_of_is_no_more_than_that_length(language: str) -> None:
    """ "Over 0.91 mm" is where loops were counted; translated as "more than" it says that the row is longer."""
    texts = catalogue(language)
    assert texts["calibration"]["found_value"] == f"{{count}}, {texts['live']['over']} {{length}} mm"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("pt-PT,es;q=0.7,en;q=0.5", "es"),
        ("it", "it"),
        ("pt-PT, pl;q=0.8", "en"),
        ("fr-CA", "fr"),
        ("*", "en"),
    ],
)
def test_a_new_browser_is_spoken_to_in_the_language_that_it_asks_for(
    client: FlaskClient, asked: str, language: str
) -> None:
    page = client.get("/", headers={"Accept-Language": asked}).text
    assert f'<html lang="{language}"' in page
    assert catalogue(language)["nav"]["patients"] in page


def test_what_the_browser_chose_counts_more_than_what_it_asks_for(client: FlaskClient) -> None:
    client.set_cookie("nailfold_language", "it")
    assert '<html lang="it"' in client.get("/", headers={"Accept-Language": "de"}).text
    client.set_cookie("nailfold_language", '"><script>')
    assert '<html lang="de"' in client.get("/", headers={"Accept-Language": "de"}).text


def test_every_page_of_an_exam_speaks_every_language(client: FlaskClient, finished_exam: str) -> None:
    for language in LANGUAGES:
        client.set_cookie("nailfold_language", language)
        for path in (
            f"/exams/{finished_exam}",
            "/exams/",
            "/patients/",
            "/projects/",
            "/account/",
            "/import",
            "/about",
        ):
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200, (language, path)
            assert f'<html lang="{language}"' in answer.text


def test_dates_and_numbers_are_written_as_the_language_writes_them(client: FlaskClient, finished_exam: str) -> None:
    client.set_cookie("nailfold_language", "de")
    page = client.get(f"/exams/{finished_exam}").text
    assert re.search(r"\d\d\.\d\d\.\d{4}, \d\d:\d\d", page)
    assert re.search(r">\s*\d+,\d\s*<", page), "a decimal comma"
    assert not re.search(r'class="figure-value">\d+\.\d', page)


def _texts(node: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, inner in node.items():
        if isinstance(inner, dict):
            yield from _texts(inner, f"{before}{name}.")
        else:
            yield before + name, inner
