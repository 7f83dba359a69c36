"""No regular expression of the product takes the square of its text (ReDoS): each is fed long hostile ones."""

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("appliance", "webui", "firmware", "engines/datasets")
LENGTH, MOST_S = 10_000, 0.4
PUMPS = ("1", "a", "A", " ", ".", ". ", "-", "_", "\\", "'", '"', "\n", "1.", "a.", "a-", "1 ", "[", "{", "=", "\u00d7")
ENDS = ("!", "\nx")
BOUNDED = {
    r"'(.*?)'": "a line of an error of our own",
    r"(\d+) extraneous bytes before marker 0xd9": "a line of libjpeg's, of less than 200 characters",
    r"(\d+)": "names of files, which their systems bound, and no more than one pass",
    r"R(\d+) \(release\), REVISION: ([\d.]+)": "one file of the system",
    r".+-([0-9a-f]{12})\.plan(\.json)?": "names of files, which their systems bound",
    r"[\d.]+": "the magnification of a calibration's own field",
}
"""Patterns that take longer on texts that nobody can make so long, and why."""


def patterns() -> Iterator[tuple[str, str | bytes, bool]]:
    """Where each stands, what it is, and whether whole texts alone are held against it.

    Those that are put together of several are in the modules' own tests.
    """
    for folder in FOLDERS:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            if "re." not in (source := path.read_text("utf-8")):
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                    of, first = node.func.value, node.args[0]
                    is_pattern = isinstance(of, ast.Name) and of.id == "re" and isinstance(first, ast.Constant)
                    if is_pattern and isinstance(first, ast.Constant) and isinstance(first.value, str | bytes):
                        where = f"{path.relative_to(REPOSITORY)}:{node.lineno}"
                        yield where, first.value, node.func.attr in ("fullmatch", "match")


def seconds_of(pattern: "re.Pattern[str] | re.Pattern[bytes]", text: str, is_of_whole_texts: bool) -> float:
    began_s = time.process_time()
    given = text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")
    if not is_of_whole_texts:
        pattern.search(given)  # type: ignore[arg-type]
    pattern.fullmatch(given)  # type: ignore[arg-type]
    return time.process_time() - began_s


def test_the_search_for_patterns_finds_them() -> None:
    assert len(list(patterns())) > 30


@pytest.mark.parametrize(("where", "pattern", "is_of_whole_texts"), list(patterns()))
def test_long_hostile_texts_are_told_in_no_time(where: str, pattern: str | bytes, is_of_whole_texts: bool) -> None:
    if pattern in BOUNDED:
        return
    compiled = re.compile(pattern, re.MULTILINE)
    for pump in PUMPS:
        for end in ENDS:
            text = pump * (LENGTH // len(pump)) + end
            taken_s = seconds_of(compiled, text, is_of_whole_texts)
            assert taken_s < MOST_S, f"{where}: {pattern!r} on {pump!r} and {end!r}"


def test_numbers_and_names_of_a_hundred_thousand_characters_are_read_at_once() -> None:
    from appliance.foreign_files.names import inner_path  # noqa: PLC0415 (not for those that only list patterns)
    from appliance.foreign_files.numbers import number_of  # noqa: PLC0415

    began_s = time.process_time()
    for text in ("1" * 100_000 + "x", "1." + "1" * 100_000 + "e", " " * 100_000 + "x"):
        with pytest.raises(ValueError, match="no number"):
            number_of(text)
    for name in (". " * 50_000 + "x", "." * 100_000 + "x", "x" + " ." * 50_000):
        assert len(inner_path(name).parts[0].encode()) <= 255
    assert time.process_time() - began_s < MOST_S
