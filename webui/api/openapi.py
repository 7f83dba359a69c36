"""The API's description and the one shape in which a request that does not fit it is refused."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from flask import Response, jsonify, make_response
from flask.json.provider import DefaultJSONProvider
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from appliance.domain.bounded_json import bounded_loads

API_PREFIX = "/api/v1"
DESCRIPTION_PATH = f"{API_PREFIX}/openapi.json"
REFUSED_STATUS = 422
TOKEN_HEADER = "X-CSRFToken"  # noqa: S105 (a name)
_SECURITY_SCHEMES: dict[str, Any] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "nailfold_session",
        "description": f"Set by POST {API_PREFIX}/session",
    },
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": TOKEN_HEADER,
        "description": f"csrf_token of GET {API_PREFIX}/session; with every request that changes something",
    },
}
Security = list[dict[str, list[Any]]]
OPEN_TO_READ: Security = [{}]
OPEN_TO_CHANGE: Security = [{"token": []}]
"""Of operations that need no login."""


_NUMBERS = (int, float, int | None, float | None)


class Body(BaseModel):
    """A request's body: members that nobody knows are refused, not ignored, and a number is what JSON calls one."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_numbers(cls, sent: Any) -> Any:
        """Pydantic alone would take true for 1, "1_0" for 10 and "nan" for a number."""
        if isinstance(sent, Mapping):
            for name, field in cls.model_fields.items():
                if field.annotation in _NUMBERS and isinstance(sent.get(name), bool | str):
                    raise ValueError(f"{name} is no number")
        return sent


class Fault(BaseModel):
    """What went wrong and what to do."""

    message: str = Field(description="What was attempted and the value seen")
    remedy: str = Field(description="What the operator can do; empty where nothing can be done")


class FaultAnswer(BaseModel):
    """Every answer that is not a success."""

    error: Fault


_FAULTS: Mapping[int, str] = {
    400: "The request or its token cannot be used",
    401: "Nobody is logged in",
    403: "The account's role does not include this, or its one-time code has to be replaced by a password first",
    404: "There is no such thing",
    409: "It does not fit the present state, or that state has changed since it was read",
    413: "The body is too large",
    REFUSED_STATUS: "The request does not fit this description",
    429: "Too many failed tries; Retry-After says how many seconds to wait",
    500: "A fault of the station; its log has the details",
    503: "The capillaroscope gives no picture",
    507: "It could not be written to the station's disk",
}


class _DescribedApp(OpenAPI):
    """Says once what all operations share; says nothing before it is asked."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self._undescribed: list[_DescribedBlueprint] = []
        self._describing = threading.Lock()
        super().__init__(*given, **named)

    def register_api(self, api: APIBlueprint, **options: Any) -> None:
        super().register_api(api, **options)
        if isinstance(api, _DescribedBlueprint):
            self._undescribed.append(api)

    def generate_spec_json(self) -> None:
        with self._describing:
            if not self.spec_json:
                self._describe_parts()
                self._write_description()

    def _describe_parts(self) -> None:
        for part in self._undescribed:
            part.describe()
            self.tags += [tag for tag in part.tags if tag.name not in self.tag_names]
            self.tag_names = [tag.name for tag in self.tags]
            self.paths.update(part.paths)
            self.components_schemas.update(part.components_schemas)

    def _write_description(self) -> None:
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        faults = _fault_responses()
        self.spec_json["components"]["responses"] = {f"Fault{status}": fault for status, fault in faults.items()}
        for schema in self.spec_json["components"]["schemas"].values():
            # What these define stands beside them in the components, and is what references name.
            schema.pop("$defs", None)
        for item in self.spec_json["paths"].values():
            for operation in item.values():
                for status, fault in faults.items():
                    if operation["responses"].get(status) == fault:
                        operation["responses"][status] = {"$ref": f"#/components/responses/Fault{status}"}


class _DescribedBlueprint(APIBlueprint):
    """Reading needs a login, changing needs the token as well; operations open to all say so themselves.

    The schemas of a hundred operations take longer than all the rest of the application's start, so they are made when
    somebody asks for the description; requests are checked by the models themselves.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._to_describe: list[Callable[[], object]] = []

    def describe(self) -> None:
        """Fill in what the description says of every operation; once."""
        while self._to_describe:
            self._to_describe.pop(0)()

    def _collect_openapi_info(self, rule: str, func: Any, *, method: str = "GET", **said: Any) -> Any:
        usual: Security = [{"session": []}] if method.upper() == "GET" else [{"session": [], "token": []}]
        said["security"] = said.get("security") or usual
        collect = super()._collect_openapi_info
        self._to_describe.append(lambda: collect(rule, func, method=method, **said))
        return collect(rule, func, method=method, **{**said, "doc_ui": False})


def api_blueprint(
    name: str, module: str, tags: Sequence[Tag], below: str = "", responses: Mapping[Any, Any] | None = None
) -> APIBlueprint:
    """A part of the API at `/api/v1` + `below`, every operation of which documents each way it can be refused.

    `responses` are those that all its operations share, "200" for one.
    """
    return _DescribedBlueprint(
        name,
        module,
        url_prefix=f"{API_PREFIX}{below}",
        abp_tags=list(tags),
        abp_responses={**_fault_responses(), **(responses or {})},
    )


def file_response(*media_types: str, description: str = "The file") -> dict[Any, Any]:
    """The documented success of an operation that answers with a file of one of these types."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    return {"200": {"description": description, "content": content}}


def _fault_responses() -> dict[Any, Any]:
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/FaultAnswer"}}}
    return {str(status): {"description": text, "content": answer} for status, text in _FAULTS.items()}


def new_openapi_app() -> OpenAPI:
    """A Flask application that describes its API at `DESCRIPTION_PATH`."""
    app = _DescribedApp(
        "webui",
        info=Info(title="nailfold", version=version("nailfold-appliance"), description="The station's JSON API."),
        security_schemes=_SECURITY_SCHEMES,
        validation_error_status=REFUSED_STATUS,
        validation_error_model=FaultAnswer,
        validation_error_callback=_refuse,
        doc_prefix=API_PREFIX,
        doc_url="/openapi.json",
        doc_ui=True,
    )
    app.json = _BoundedJson(app)
    return app


class _BoundedJson(DefaultJSONProvider):
    """What comes in is no deeper than any request of this API, and its texts are such that something can keep them."""

    def loads(self, s: str | bytes, **_: Any) -> Any:
        value = bounded_loads(s)
        if (b"\\u" if isinstance(s, bytes) else "\\u") in s:  # type: ignore[operator]
            json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is a ValueError
        return value


def _refuse(error: ValidationError) -> Response:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the request"
    fault = Fault(message=f"{where}: {first['msg']}", remedy="Send what /api/v1/openapi.json describes.")
    return make_response(jsonify(FaultAnswer(error=fault).model_dump()), REFUSED_STATUS)
