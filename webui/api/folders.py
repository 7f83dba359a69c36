"""Projects and folders over the API: /api/v1/projects and /api/v1/folders."""

from dataclasses import replace
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.domain.errors import NotKeptError
from appliance.domain.folder import LONGEST_NAME, Folder
from webui.api.openapi import Body, api_blueprint
from webui.api.text_rules import NOT_EMPTY
from webui.auth.current_account import actor
from webui.documents.organisation import FolderDocument, folder_document
from webui.services import Services

_TAGS = [Tag(name="folders", description="Where exams are filed: projects, and folders within them")]


class FolderPath(BaseModel):
    """Which one."""

    folder_id: UUID


class NewFolderBody(Body):
    """A new project, or a folder within another."""

    name: str = Field(max_length=LONGEST_NAME, json_schema_extra=NOT_EMPTY)
    parent_id: UUID | None = Field(None, description="Null: a project")
    note: str = Field("", max_length=2000)


class ChangeFolderBody(Body):
    """What is left out, or null, stays as it is."""

    name: str | None = Field(None, max_length=LONGEST_NAME)
    note: str | None = Field(None, max_length=2000)
    is_archived: bool | None = Field(None, description="Out of the everyday lists, with all below it")


class MoveBody(Body):
    """Where to."""

    parent_id: UUID | None = Field(description="Null: it becomes a project")


class FoldersAnswer(BaseModel):
    """All of them, archived ones too."""

    folders: list[FolderDocument]


class FolderAnswer(BaseModel):
    """One, as it is now; and as it was, so that the change can be undone."""

    folder: FolderDocument
    before: FolderDocument | None


def folders_api_blueprint(services: Services) -> APIBlueprint:
    """List, add, rename, move, archive."""
    api = api_blueprint("folders_api", __name__, _TAGS)
    store = services.folders

    def documents(*folders: Folder) -> list[FolderDocument]:
        counts = store.exam_counts()
        return [folder_document(folder, counts.get(folder.folder_id, 0)) for folder in folders]

    def change(before: Folder, after: Folder) -> Response:
        services.organisation.change_folder(actor(), after)
        document, document_before = documents(after, before)
        return jsonify(FolderAnswer(folder=document, before=document_before).model_dump(mode="json"))

    @api.get("/folders", summary="All projects and folders", responses={"200": FoldersAnswer})
    def folders() -> Response:
        return jsonify(FoldersAnswer(folders=documents(*store.folders())).model_dump(mode="json"))

    @api.get("/projects", summary="All projects", responses={"200": FoldersAnswer})
    def projects() -> Response:
        found = [folder for folder in store.folders() if folder.is_project]
        return jsonify(FoldersAnswer(folders=documents(*found)).model_dump(mode="json"))

    @api.post("/folders", summary="Make a project or a folder", responses={"200": FolderAnswer})
    def add(body: NewFolderBody) -> Response:
        parent_id = None if body.parent_id is None else str(body.parent_id)
        folder = services.organisation.add_folder(actor(), body.name, parent_id, body.note)
        return jsonify(FolderAnswer(folder=documents(folder)[0], before=None).model_dump(mode="json"))

    @api.patch("/folders/<uuid:folder_id>", summary="Rename, describe, archive", responses={"200": FolderAnswer})
    def edit(path: FolderPath, body: ChangeFolderBody) -> Response:
        before = _find(store.folders(), path.folder_id)
        after = Folder(
            before.folder_id,
            before.name if body.name is None else body.name.strip(),
            before.parent_id,
            before.note if body.note is None else body.note,
            before.is_archived if body.is_archived is None else body.is_archived,
        )
        return change(before, after)

    @api.post("/folders/<uuid:folder_id>/move", summary="Put it elsewhere", responses={"200": FolderAnswer})
    def move(path: FolderPath, body: MoveBody) -> Response:
        before = _find(store.folders(), path.folder_id)
        parent_id = None if body.parent_id is None else str(body.parent_id)
        return change(before, replace(before, parent_id=parent_id))

    return api


def _find(folders: tuple[Folder, ...], folder_id: UUID) -> Folder:
    for folder in folders:
        if folder.folder_id == str(folder_id):
            return folder
    raise NotKeptError(f"there is no folder {folder_id}", "Choose one from the list.")
