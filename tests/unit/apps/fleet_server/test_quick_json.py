"""The quick reader of messages reads and refuses what the slow one does."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from appliance.apps.fleet_server import quick_json
from appliance.apps.fleet_server.quick_json import quick_keepable_loads
from appliance.domain.bounded_json import keepable_loads

RECORDED = sorted((Path(__file__).parents[3] / "data/fleet_messages").glob("*.json"))
NASTY = [
    "1e999",
    "-1E+999",
    "1e308",
    "[1.7e309]",
    '{"a":0.1e0999}',
    "1e-999",
    "9" * 19,
    "9" * 18,
    str(2**63),
    str(-(2**63)),
    "1" * 310 + ".5",
    "1." + "1" * 30,
    "NaN",
    "Infinity",
    "-Infinity",
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\u0000"',
    '"\\\\u0000"',
    "[" * 32 + "]" * 32,
    "[" * 33 + "]" * 33,
    "[" * 5000,
    "01",
    "1.",
    ".5",
    "-0",
    "-0.0",
    '{"a":1,"a":2}',
    "[1] x",
    "",
    " 1 ",
    '"2026-02-31T00:00:00.000Z"',
    '"2026-02-28T00:00:00.000Z"',
    '"sha256:1e999"',
    '"a1e999"',
    '["5e-324",5e-324,"12e400"]',
]
BYTES = [b"\xef\xbb\xbf1", b'"\xff"', b'"\xed\xa0\x80"', '"a"'.encode("utf-16"), b'"a\x01b"', b'"\xc2\xb5"']


def outcome(read: object, payload: bytes) -> tuple[str, object]:
    try:
        value = read(payload)  # type: ignore[operator]
    except ValueError as error:
        return "refused", str(error)
    return "read", json.dumps(value)  # tells -0.0 from 0, and 1 from 1.0


@pytest.mark.parametrize("payload", [*(text.encode() for text in NASTY), *BYTES])
def test_what_is_nasty_is_read_or_refused_in_the_same_words(payload: bytes) -> None:
    assert outcome(quick_keepable_loads, payload) == outcome(keepable_loads, payload)


_VALUES = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text()
    | some.from_regex(r"[0-9a-f]*e[0-9]{3}"),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)


@given(_VALUES)
def test_any_value_is(value: object) -> None:
    for payload in (json.dumps(value).encode(), json.dumps(value, indent=1).encode()):
        assert outcome(quick_keepable_loads, payload) == outcome(keepable_loads, payload)


@given(some.from_regex(rb"-?[0-9]{1,22}(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,4})?", fullmatch=True))
def test_any_number_is(number: bytes) -> None:
    for payload in (number, b"[1," + number + b"]", b'{"a":' + number + b"}"):
        assert outcome(quick_keepable_loads, payload) == outcome(keepable_loads, payload)


@given(some.binary() | some.text().map(str.encode))
def test_any_bytes_are(payload: bytes) -> None:
    assert outcome(quick_keepable_loads, payload) == outcome(keepable_loads, payload)


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_recorded_messages_go_the_quick_way(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = json.dumps(json.loads(file.read_text("utf-8"))).encode()
    expected = keepable_loads(payload)
    monkeypatch.setattr(quick_json, "keepable_loads", lambda _: pytest.fail("it went the slow way"))
    assert quick_keepable_loads(payload) == expected
