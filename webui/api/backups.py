"""Encrypted copies on their way in: /api/v1/backups/uploads. Everything else about backups is on its page."""

from typing import Any

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models import RawModel
from flask_openapi3.models.tag import Tag

from appliance.domain.account import Role
from appliance.domain.box_settings import LARGEST_COPY_BYTES
from appliance.domain.errors import StoreError
from webui.api.openapi import api_blueprint
from webui.auth.current_account import requires
from webui.documents.import_export import UploadAnswer
from webui.services import Services

_TAGS = [Tag(name="backups", description="Encrypted copies of a box, to be looked into and restored on its page")]


class SealedBytes(RawModel):
    mimetypes = ["application/octet-stream"]  # noqa: RUF012 (as its parent declares it)


def backups_api_blueprint(services: Services) -> APIBlueprint:
    """A file is written to the disk as it comes."""
    api = api_blueprint("backups_api", __name__, _TAGS, "/backups")

    # Before every other hook of a request: the check of the token reads the body already.
    @api.url_value_preprocessor
    def allow_uploads(_: str | None, __: dict[str, Any] | None) -> None:
        request.max_content_length = LARGEST_COPY_BYTES

    @api.post("/uploads", summary="Upload an encrypted copy or a file of keys", responses={"200": UploadAnswer})
    @requires(Role.ADMINISTRATOR)
    def upload(raw: SealedBytes) -> Response:
        if services.copies is None:
            raise StoreError("these pages have no station behind them", "Open the pages of the box itself.")
        return jsonify(UploadAnswer(upload_id=services.copies.receive(request.stream)).model_dump(mode="json"))

    return api
