"""The API's description and the one shape in which a request that does not fit it is refused."""

from importlib.metadata import version
from typing import Any

from flask import Response, jsonify, make_response
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError

API_PREFIX = "/api/v1"
DESCRIPTION_PATH = f"{API_PREFIX}/openapi.json"
REFUSED_STATUS = 422
_SECURITY_SCHEMES: dict[str, Any] = {"session": {"type": "apiKey", "in": "cookie", "name": "nailfold_session"}}


class Body(BaseModel):
    """A request's body: members that nobody knows are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class Fault(BaseModel):
    """What went wrong and what to do."""

    message: str = Field(description="What was attempted and the value seen")
    remedy: str = Field(description="What the operator can do; empty where nothing can be done")


class FaultAnswer(BaseModel):
    """Every answer that is not a success."""

    error: Fault


_FAULTS: dict[Any, Any] = dict.fromkeys(("400", "401", "403", "404", "409"), FaultAnswer)


def new_openapi_app() -> OpenAPI:
    """A Flask application that describes its API at `DESCRIPTION_PATH`."""
    return OpenAPI(
        "webui",
        info=Info(title="nailfold", version=version("nailfold-appliance"), description="The station's JSON API."),
        responses=_FAULTS,
        security_schemes=_SECURITY_SCHEMES,
        validation_error_status=REFUSED_STATUS,
        validation_error_model=FaultAnswer,
        validation_error_callback=_refuse,
        doc_prefix=API_PREFIX,
        doc_url="/openapi.json",
        doc_ui=True,
    )


def _refuse(error: ValidationError) -> Response:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the request"
    fault = Fault(message=f"{where}: {first['msg']}", remedy="Send what /api/v1/openapi.json describes.")
    return make_response(jsonify(FaultAnswer(error=fault).model_dump()), REFUSED_STATUS)
