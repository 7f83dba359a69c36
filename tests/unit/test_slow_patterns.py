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
Pattern = tuple[str, str | bytes, re.RegexFlag, bool]
BOUNDED: dict[tuple[str, str], str] = {
    ("appliance/apps/config/settings_reader.py", r"'(.*?)'"): "a line of an error of our own",
    (
        "appliance/capture/camera_formats.py",
        r"(\d+) extraneous bytes before marker 0xd9",
    ): "a line of libjpeg's, of less than 200 characters",
    (
        "appliance/foreign_files/walk.py",
        r"(\d+)",
    ): "names of files, which their systems bound, and no more than one pass",
    ("appliance/inference/gpu.py", r"R(\d+) \(release\), REVISION: ([\d.]+)"): "one file of the system",
    (
        "appliance/apps/station/fleet/unused_engines.py",
        r".+-([0-9a-f]{12})\.plan(\.json)?",
    ): "names of files, which their systems bound",
    ("appliance/domain/field_hint.py", r"[\d.]+"): "the magnification of a calibration's own field",
}
"""File and pattern that takes longer on texts that nobody can make so long, and why."""
FLAGS_AT = {"compile": 1, "search": 2, "match": 2, "fullmatch": 2, "findall": 2, "finditer": 2, "split": 3, "sub": 4}
FLAGS_AT["subn"] = FLAGS_AT["sub"]


def flags_of(node: ast.Call) -> re.RegexFlag:
    """That a call of a function of `re` gives; fails where they are no constants of `re`."""
    assert isinstance(node.func, ast.Attribute)
    at = FLAGS_AT.get(node.func.attr, len(node.args))
    given = [*node.args[at : at + 1], *(word.value for word in node.keywords if word.arg == "flags")]
    flags = re.RegexFlag(0)
    for part in given:
        names = [leaf for leaf in ast.walk(part) if not isinstance(leaf, ast.BinOp | ast.BitOr | ast.Load | ast.Name)]
        for name in names:
            assert isinstance(name, ast.Attribute), f"flags that cannot be told: {ast.unparse(node)}"
            flags |= re.RegexFlag[name.attr]
    return flags


def patterns() -> Iterator[Pattern]:
    """Where each stands, what it is, its flags, and whether whole texts alone are held against it.

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
                        yield where, first.value, flags_of(node), node.func.attr in ("fullmatch", "match")


def seconds_of(pattern: "re.Pattern[str] | re.Pattern[bytes]", text: str, is_of_whole_texts: bool) -> float:
    began_s = time.process_time()
    given = text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")
    if not is_of_whole_texts:
        pattern.search(given)  # type: ignore[arg-type]
    pattern.fullmatch(given)  # type: ignore[arg-type]
    return time.process_time() - began_s


def test_the_search_for_patterns_finds_them() -> None:
    assert len(list(patterns())) > 30


def exemption(where: str, pattern: str | bytes) -> tuple[str, str]:
    return where.rpartition(":")[0], pattern if isinstance(pattern, str) else pattern.decode("latin-1")


def test_every_exemption_is_of_a_pattern_that_there_is() -> None:
    assert set(BOUNDED) <= {exemption(where, pattern) for where, pattern, _, _ in patterns()}


@pytest.mark.parametrize(
    ("call", "flags"),
    [
        ('re.compile("a", re.I | re.M | re.VERBOSE)', re.I | re.M | re.X),
        ('re.sub("a", "b", text, 0, re.S)', re.S),
        ('re.search("a", text, flags=re.M)', re.M),
        ('re.split("a", text, 1)', re.RegexFlag(0)),
    ],
)
def test_the_flags_of_a_call_are_its_own(call: str, flags: re.RegexFlag) -> None:
    [node] = [node for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Call)]
    assert flags_of(node) == flags


@pytest.mark.parametrize(("where", "pattern", "flags", "is_of_whole_texts"), list(patterns()))
def test_long_hostile_texts_are_told_in_no_time(
    where: str, pattern: str | bytes, flags: re.RegexFlag, is_of_whole_texts: bool
) -> None:
    if exemption(where, pattern) in BOUNDED:
        return
    compiled = re.compile(pattern, flags)
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
