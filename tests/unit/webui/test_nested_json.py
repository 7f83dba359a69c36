"""JSON that is nested without end, wherever JSON comes in."""

import pytest
from flask.testing import FlaskClient

from appliance.domain.bounded_json import DEEPEST, bounded_loads


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    "text", [nested(DEEPEST + 1), nested(900), nested(100_000), '{"a":' * 900 + "1" + "}" * 900, "[" * 100_000, "", "{"]
)
def test_what_is_nested_too_deep_or_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested deeper|Expecting"):
        bounded_loads(text)


def test_what_this_product_writes_is_read() -> None:
    assert bounded_loads('{"a": [1, {"b": null}], "c": "[[["}') == {"a": [1, {"b": None}], "c": "[[["}
    assert bounded_loads(nested(DEEPEST)) is not None


@pytest.mark.parametrize("depth", [40, 900, 100_000])
@pytest.mark.parametrize("path", ["/api/v1/exam/start", "/api/v1/folders", "/api/v1/session"])
def test_a_nested_body_is_refused_like_any_other_that_does_not_fit(client: FlaskClient, path: str, depth: int) -> None:
    body = '{"pseudonym": ' + nested(depth) + "}"

    answer = client.post(path, data=body, content_type="application/json")

    assert answer.status_code in (400, 422)
    assert set(answer.json) == {"error"}
