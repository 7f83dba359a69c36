"""Numbers and texts that are none: what a body may call a number, and which texts nothing can keep."""

import types
import typing

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError

from webui.api.calibration import PointsBody
from webui.api.openapi import Body
from webui.api.search_bodies import PageBody


def bodies() -> list[type[Body]]:
    found, seen = [Body], []
    while found:
        one = found.pop()
        found += one.__subclasses__()
        seen.append(one)
    return seen[1:]


@pytest.mark.parametrize("page", [True, False, "1", "1_0", " 1 ", "\uff11", "1e0", 1.5, 10**30, "nan"])
def test_what_json_does_not_call_a_whole_number_is_none(page: object) -> None:
    with pytest.raises(ValidationError):
        PageBody.model_validate({"page": page})
    assert PageBody.model_validate({"page": 3}).page == 3


@pytest.mark.parametrize("length", ["nan", "inf", "1e999", True, float("nan"), float("inf"), -float("inf"), "12"])
def test_a_length_that_is_no_number_calibrates_nothing(length: object) -> None:
    with pytest.raises(ValidationError) as refused:
        PointsBody.model_validate({"distance_um": length})
    assert any("number" in error["msg"] or "distance" in str(error["loc"]) for error in refused.value.errors())


def test_every_number_of_every_body_is_asked_in_this_way(client: FlaskClient) -> None:
    """A number in a union of more than nothing would slip past the rule."""
    assert len(bodies()) > 30
    for body in bodies():
        for name, field in body.model_fields.items():
            parts = typing.get_args(field.annotation) if isinstance(field.annotation, types.UnionType) else ()
            assert (
                not ({int, float} & set(parts))
                or set(parts) <= {int, types.NoneType}
                or set(parts)
                <= {
                    float,
                    types.NoneType,
                }
            ), f"{body.__name__}.{name}"


@pytest.mark.parametrize("text", [r"\ud800", r"\udfff\ud800", r"a\uDBFFb"])
@pytest.mark.parametrize("path", ["/api/v1/folders", "/api/v1/exam/start", "/api/v1/patients"])
def test_half_of_a_surrogate_pair_is_refused_before_anything_would_keep_it(
    client: FlaskClient, path: str, text: str
) -> None:
    for member in ("name", "pseudonym"):
        answer = client.post(path, data=f'{{"{member}": "{text}"}}', content_type="application/json")
        assert answer.status_code in (400, 422)
        assert set(answer.json) == {"error"}
