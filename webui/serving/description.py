"""The API's description without a running station."""

from typing import Any, cast

from flask_openapi3.openapi import OpenAPI

from appliance.accounts.access import new_secrets
from webui.app import create_app
from webui.services import Services
from webui.settings import WebSettings


class _Absent:
    """Stands for every part of a station: nothing is asked of it before a request comes, and none does."""

    def __getattr__(self, name: str) -> Any:
        return new_secrets() if name == "secrets" else _Absent()

    def __call__(self, *_: object, **__: object) -> Any:
        return _Absent()


def api_description() -> dict[str, Any]:
    """The OpenAPI document, the same that a station answers at /api/v1/openapi.json.

    Raises:
        SettingsError: the front end was not built.
    """
    app = cast(OpenAPI, create_app(cast(Services, _Absent()), WebSettings()))
    return cast(dict[str, Any], app.api_doc)
