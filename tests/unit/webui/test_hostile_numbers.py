"""Numbers and texts that are none: what a body may call a number, and which texts nothing can keep."""

import re
import types
import typing
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError

from webui.api.calibration import PointsBody
from webui.api.openapi import Body
from webui.api.review import EditBody
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
        PointsBody.model_validate({"picture_id": "a", "start_px": [1, 2], "end_px": [3, 4], "distance_um": length})
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


@pytest.mark.parametrize("wrong", [True, "1_0", "1", "nan"])
def test_numbers_at_any_depth_are_what_json_calls_one(wrong: object) -> None:
    points = {"picture_id": "a", "start_px": [1, 2.5], "end_px": [30, 40], "distance_um": 10}
    box: dict[str, Any] = {"kind": "change_box", "finding_id": "m1", "box": {"x": 1, "y": 2, "w": 30, "h": 40}}
    width: dict[str, Any] = {"kind": "set_width", "finding_id": "m1", "width": "apical"}
    width["segment"] = {"start_px": [1, 2], "end_px": [30, 40]}
    assert PointsBody.model_validate(points).start_px == (1.0, 2.5)
    for edit in (box, width):
        EditBody.model_validate({"revision": 0, "edit": edit})
    with pytest.raises(ValidationError, match="number"):
        PointsBody.model_validate({**points, "end_px": [30, wrong]})
    with pytest.raises(ValidationError, match="number"):
        EditBody.model_validate({"revision": 0, "edit": {**box, "box": {**box["box"], "x": wrong}}})
    segment = {"start_px": [wrong, 2], "end_px": [30, 40]}
    with pytest.raises(ValidationError, match="number"):
        EditBody.model_validate({"revision": 0, "edit": {**width, "segment": segment}})


@pytest.mark.parametrize("text", [r"\u0000", r"a\\\u0000b"])
def test_a_nul_is_refused_and_its_written_form_is_not(client: FlaskClient, text: str) -> None:
    def answered(name: str) -> int:
        return client.post("/api/v1/folders", data=f'{{"name": "{name}"}}', content_type="application/json").status_code

    assert answered(text) in (400, 422)
    assert answered(r"a\\u0000") < 300


@pytest.mark.parametrize("text", [r"\ud800", r"\udfff\ud800", r"a\uDBFFb"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/folders", '{"name": "TEXT"}'),
        ("/api/v1/exam/start", '{"pseudonym": "TEXT", "is_new": true, "protocol": "free"}'),
        ("/api/v1/patients", '{"pseudonym": "TEXT"}'),
    ],
)
def test_half_of_a_surrogate_pair_is_refused_before_anything_would_keep_it(
    client: FlaskClient, path: str, body: str, text: str
) -> None:
    answer = client.post(path, data=body.replace("TEXT", text), content_type="application/json")
    assert answer.status_code == 400
    half = re.findall(r"\\u[0-9a-f]{4}", text.lower())[0]
    assert half in answer.json["error"]["message"]
    assert "surrogate" in answer.json["error"]["remedy"]
    taken = client.post(path, data=body.replace("TEXT", r"a\ud83d\ude00b"), content_type="application/json")
    assert taken.status_code in (200, 201), taken.json
