"""What pages ask of the station is in the API's description, so that programs can do what people do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DESCRIPTION = json.loads((ROOT / "docs/openapi.json").read_text())
OPERATIONS = [
    (method.upper(), path.removeprefix("/api/v1/").split("/"))
    for path, item in DESCRIPTION["paths"].items()
    for method in item
]
LITERAL = r'(?:"([^"]*)"|`([^`]*)`)'
# post("exam/undo"), get<Answer>(`patients/${id}`), this.ask("exam/start", ...), download("exports", body)
VERBS = {"post": "POST", "ask": "POST", "get": "GET", "download": None}
BY_VERB = re.compile(rf"(?<!\.)\b(?:this\.)?(post|get|ask|download)(?:<[^()]*>)?\(\s*{LITERAL}")
# send<Answer>("PUT", `imports/${id}`), { method: "PATCH", path: `folders/${id}`, ... }
BY_METHOD = re.compile(
    rf'(?:\bsend(?:<[^()]*>)?\(\s*|method:\s*)"(GET|POST|PUT|PATCH|DELETE)",\s*(?:path:\s*)?{LITERAL}'
)
BY_ADDRESS = re.compile(r'()["`]/api/v1/([^"`]*)()["`]')
ANY = ""


def segments(written: str) -> list[str]:
    """`exams/${id}/pacs?all=${all}` as exams, anything, pacs."""
    path = re.sub(r"\$\{[^}]*\}|\{\{[^}]*\}\}", "\0", written).partition("?")[0]
    return [ANY if "\0" in part and part.strip("\0.") == "" else part.replace("\0", "") for part in path.split("/")]


def calls() -> Iterator[tuple[str, str | None, str]]:
    """Where, with which method if it is known, and the path as it is written."""
    for source in sorted((ROOT / "webui/frontend/src").rglob("*.ts")):
        text = source.read_text()
        for found in BY_VERB.finditer(text):
            yield source.name, VERBS[found[1]], found[2] or found[3]
        for found in BY_METHOD.finditer(text):
            yield source.name, found[1], found[2] or found[3]
        for found in BY_ADDRESS.finditer(text):
            yield source.name, None, found[1] or found[2]
    for template in sorted((ROOT / "webui/templates").glob("*.html")):
        for found in re.finditer(r'"/api/v1/([^"]*)"', template.read_text()):
            yield template.name, None, found[1]


CALLS = sorted({(place, method or "", path) for place, method, path in calls() if path != "${path}"})


def is_described(method: str, asked: list[str]) -> bool:
    return any(method in ("", known) and fits(asked, path) for known, path in OPERATIONS)


def fits(asked: list[str], path: list[str]) -> bool:
    """A path that begins with something made elsewhere (`${this.path}/undo`) fits by its end."""
    if asked[0] == ANY:
        asked, path = asked[1:], path[len(path) - len(asked) + 1 :]
    return len(asked) == len(path) and all(
        one in (ANY, other) or other.startswith("{") for one, other in zip(asked, path, strict=True)
    )


def test_the_calls_are_found() -> None:
    assert len(CALLS) >= 45
    assert ("exam_panel.ts", "POST", "exam/start") in CALLS
    assert not is_described("POST", segments("exam/${id}/nothing"))
    assert not is_described("GET", segments("exam/start"))


@pytest.mark.parametrize(("place", "method", "path"), CALLS)
def test_every_call_of_a_page_is_described(place: str, method: str, path: str) -> None:
    assert is_described(method, segments(path)), f"{place} asks {method} {path}, which the API's description lacks"
