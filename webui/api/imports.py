"""What comes in from other software and other boxes: /api/v1/imports, /api/v1/archives."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, render_template, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models import RawModel
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, Field

from appliance.domain.account import Role
from appliance.domain.exam import Finger, Hand, Sector
from appliance.exports.archive.read import ArchiveChoices, PseudonymClashError
from appliance.exports.archive.uploads import LARGEST_ARCHIVE_BYTES
from appliance.exports.imports.job import ImportOptions
from appliance.exports.imports.picture_imports import LARGEST_FILE_BYTES
from webui.api.openapi import Body, api_blueprint, file_response
from webui.auth.current_account import actor, requires
from webui.documents.import_export import (
    FileAnswer,
    ImportAnswer,
    TakenInAnswer,
    UploadAnswer,
    file_document,
    import_document,
    taken_in_document,
)
from webui.services import Services

_TAGS = [Tag(name="imports", description="Pictures of other software and archives of other boxes become exams")]
_UPLOADS = {"imports_api.add_file": LARGEST_FILE_BYTES, "imports_api.upload_archive": LARGEST_ARCHIVE_BYTES}
"""Endpoints whose body is a file: it is written to the disk as it comes."""


class ImportPath(BaseModel):
    import_id: UUID


class ImportFilePath(ImportPath):
    item_id: str = Field(pattern=r"^[0-9]{1,4}$")


class UploadPath(BaseModel):
    upload_id: UUID


class NameQuery(BaseModel):
    name: str = Field(min_length=1, max_length=500, description="With its folders: they may name hand and finger")


class FileBytes(RawModel):
    mimetypes = ["application/octet-stream"]  # noqa: RUF012 (as its parent declares it)


class PlaceBody(Body):
    hand: Hand
    finger: Finger
    sector: Sector


class SizedScale(Body):
    width_px: int = Field(ge=1)
    height_px: int = Field(ge=1)
    um_per_px: float = Field(gt=0, allow_inf_nan=False)


class StartImportBody(Body):
    pseudonym: str = Field(min_length=1, max_length=200, description="The clinic's pseudonym; never a name")
    is_another: bool = Field(False, description="A new patient, other than those whose pseudonym looks like this one")
    um_per_px: float | None = Field(None, gt=0, allow_inf_nan=False, description="Of every picture")
    scales: list[SizedScale] = Field([], max_length=500, description="Of pictures of one size; go before um_per_px")
    taken_at: AwareDatetime | None = Field(None, description="Of every picture; goes before what the files tell")


class TakeInBody(Body):
    same_patients: list[str] = Field([], description="Pseudonyms that mean the same patient on both boxes")
    renamed: dict[str, str] = Field({}, description="Pseudonym of the archive to the one it is to have here")
    publish: bool = Field(False, description="Publish the exams over MQTT, as if they had been captured here")


def imports_api_blueprint(services: Services) -> APIBlueprint:
    """Files come in one by one; then they become an exam in the background."""
    api = api_blueprint("imports_api", __name__, _TAGS)
    pictures, archives = services.exchange.pictures, services.exchange.archives
    import_is: dict[Any, Any] = {"200": ImportAnswer}
    file_is: dict[Any, Any] = {"200": FileAnswer}

    # Before every other hook of a request: the check of the token reads the body already.
    @api.url_value_preprocessor
    def allow_uploads(endpoint: str | None, _: dict[str, Any] | None) -> None:
        if endpoint in _UPLOADS:
            request.max_content_length = _UPLOADS[endpoint]

    @api.post("/imports", summary="Begin an import of pictures", responses=import_is)
    @requires(Role.PHYSICIAN)
    def begin() -> Response:
        return _json(import_document(pictures.begin()))

    @api.get("/imports/<import_id>", summary="How far an import is", responses=import_is)
    @requires(Role.PHYSICIAN)
    def show(path: ImportPath) -> Response:
        return _json(import_document(pictures.show(str(path.import_id))))

    @api.delete("/imports/<import_id>", summary="Forget an import; its exam stays", responses={"204": None})
    @requires(Role.PHYSICIAN)
    def drop(path: ImportPath) -> tuple[str, int]:
        pictures.drop(str(path.import_id))
        return "", 204

    @api.post("/imports/<import_id>/files", summary="Add a file: its bytes are the body", responses=file_is)
    @requires(Role.PHYSICIAN)
    def add_file(path: ImportPath, query: NameQuery, raw: FileBytes) -> Response:
        return _json(file_document(pictures.add(str(path.import_id), query.name, request.stream)))

    @api.get(
        "/imports/<import_id>/files/<item_id>/thumbnail.jpg",
        summary="A small picture of a file",
        responses=file_response("image/jpeg", description="The picture"),
    )
    @requires(Role.PHYSICIAN)
    def thumbnail(path: ImportFilePath) -> Response:
        found = pictures.thumbnail(str(path.import_id), path.item_id)
        return Response(found, mimetype="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})

    @api.put("/imports/<import_id>/files/<item_id>", summary="Say where it was taken", responses=file_is)
    @requires(Role.PHYSICIAN)
    def place(path: ImportFilePath, body: PlaceBody) -> Response:
        placed = pictures.place(str(path.import_id), path.item_id, body.hand, body.finger, body.sector)
        return _json(file_document(placed))

    @api.delete("/imports/<import_id>/files/<item_id>", summary="Leave a file out", responses=import_is)
    @requires(Role.PHYSICIAN)
    def remove(path: ImportFilePath) -> Response:
        return _json(import_document(pictures.remove(str(path.import_id), path.item_id)))

    @api.post("/imports/<import_id>/start", summary="Measure the files and keep them as an exam", responses=import_is)
    @requires(Role.PHYSICIAN)
    def start(path: ImportPath, body: StartImportBody) -> Response:
        taken_at: datetime | None = body.taken_at
        scales = {(one.width_px, one.height_px): one.um_per_px for one in body.scales}
        options = ImportOptions(body.pseudonym, body.um_per_px, taken_at, actor(), scales, body.is_another)
        return _json(import_document(pictures.start(str(path.import_id), options)))

    @api.post("/archives", summary="Upload an archive of another box", responses={"200": UploadAnswer})
    @requires(Role.PHYSICIAN)
    def upload_archive(raw: FileBytes) -> Response:
        return _json(UploadAnswer(upload_id=archives.receive(request.stream)))

    @api.post("/archives/<upload_id>/take-in", summary="Keep its exams", responses={"200": TakenInAnswer})
    @requires(Role.PHYSICIAN)
    def take_in(path: UploadPath, body: TakeInBody) -> Response:
        choices = ArchiveChoices(frozenset(body.same_patients), body.renamed, body.publish)
        try:
            return _json(taken_in_document(archives.take_in(str(path.upload_id), choices, actor())))
        except PseudonymClashError as error:
            here = {name: alike for name, alike in error.here.items() if name.casefold() != alike.casefold()}
            undecided = list(error.here)
            return _json(TakenInAnswer(imported=[], known=[], problems=[], undecided=undecided, looks_like=here))

    @api.delete("/archives/<upload_id>", summary="Forget an uploaded archive", responses={"204": None})
    @requires(Role.PHYSICIAN)
    def drop_archive(path: UploadPath) -> tuple[str, int]:
        archives.drop(str(path.upload_id))
        return "", 204

    return api


def imports_page_blueprint() -> Blueprint:
    """/import"""
    pages = Blueprint("imports", __name__)

    @pages.get("/import")
    @requires(Role.PHYSICIAN)
    def page() -> str:
        return render_template("import.html")

    return pages


def _json(answer: BaseModel) -> Response:
    return jsonify(answer.model_dump(mode="json"))
