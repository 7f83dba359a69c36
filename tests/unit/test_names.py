"""One word for one thing: a reader who searches for a class finds one."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGES = ("appliance", "engines", "firmware", "webui")
ROOT = Path(__file__).parents[2]
UNKNOWN_TO_A_STRANGER = ("Desk", "Wishes", "Say", "Kept", "Look", "Sight", "Told", "Watched")
"""Words that once named classes and said nothing to a newcomer."""


@pytest.fixture(scope="module")
def public_classes() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(str(path.relative_to(ROOT)))
    return found


def test_no_two_public_classes_share_a_name(public_classes: dict[str, list[str]]) -> None:
    assert {name: places for name, places in public_classes.items() if len(places) > 1} == {}


def test_no_class_has_a_name_that_only_its_author_knows(public_classes: dict[str, list[str]]) -> None:
    assert [name for name in public_classes if name.endswith(UNKNOWN_TO_A_STRANGER)] == []
