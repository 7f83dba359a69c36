"""Image collections over the API: /api/v1/collections."""

from dataclasses import replace
from uuid import UUID

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.domain.exam import ImageKind
from appliance.domain.folder import LONGEST_NAME
from webui.api.openapi import Body, api_blueprint
from webui.api.text_rules import NOT_EMPTY
from webui.auth.current_account import actor
from webui.documents.organisation import (
    CollectedImageDocument,
    CollectionDocument,
    collected_image_document,
    collection_document,
)
from webui.services import Services

_TAGS = [Tag(name="collections", description="Pictures of several exams, gathered for research")]
_MOST = 1000


class CollectionPath(BaseModel):
    """Which one."""

    collection_id: UUID


class NewCollectionBody(Body):
    """A new, empty collection."""

    name: str = Field(max_length=LONGEST_NAME, json_schema_extra=NOT_EMPTY)
    note: str = Field("", max_length=2000)


class ChangeCollectionBody(Body):
    """What is left out, or null, stays as it is."""

    name: str | None = Field(None, max_length=LONGEST_NAME)
    note: str | None = Field(None, max_length=2000)
    is_archived: bool | None = None


class ImagesBody(Body):
    """Which pictures: these, and all of these exams."""

    image_ids: list[UUID] = Field(default_factory=list, max_length=_MOST)
    exam_ids: list[UUID] = Field(default_factory=list, max_length=200)


class CollectionsAnswer(BaseModel):
    """All of them, archived ones too, newest first."""

    collections: list[CollectionDocument]


class CollectionAnswer(BaseModel):
    """One collection and its pictures in the order in which they were added."""

    collection: CollectionDocument
    images: list[CollectedImageDocument]


class ChangedAnswer(BaseModel):
    """The collection as it is now, and the pictures that came or went: undo is the opposite with these."""

    collection: CollectionDocument
    image_ids: list[str]


def collections_api_blueprint(services: Services) -> APIBlueprint:
    """List, make, change; put pictures in and take them out."""
    api = api_blueprint("collections_api", __name__, _TAGS, "/collections")
    store = services.collections

    def changed(collection_id: str, image_ids: tuple[str, ...] = ()) -> Response:
        document = collection_document(store.collection(collection_id))
        return jsonify(ChangedAnswer(collection=document, image_ids=list(image_ids)).model_dump(mode="json"))

    def wanted(body: ImagesBody) -> list[str]:
        of_exams = [
            image.image_id
            for exam_id in body.exam_ids
            for image in services.store.exam(str(exam_id)).images
            if image.kind is not ImageKind.CLIP
        ]
        return list(dict.fromkeys([*map(str, body.image_ids), *of_exams]))

    @api.get("", summary="All collections", responses={"200": CollectionsAnswer})
    def collections() -> Response:
        found = [collection_document(collection) for collection in store.collections(is_archived=None)]
        return jsonify(CollectionsAnswer(collections=found).model_dump(mode="json"))

    @api.post("", summary="Make a collection", responses={"200": ChangedAnswer})
    def add(body: NewCollectionBody) -> Response:
        return changed(services.organisation.add_collection(actor(), body.name, body.note).collection_id)

    @api.get("/<uuid:collection_id>", summary="One collection", responses={"200": CollectionAnswer})
    def one(path: CollectionPath) -> Response:
        collection = collection_document(store.collection(str(path.collection_id)))
        images = [collected_image_document(image) for image in store.images(str(path.collection_id))]
        return jsonify(CollectionAnswer(collection=collection, images=images).model_dump(mode="json"))

    @api.patch("/<uuid:collection_id>", summary="Rename, describe, archive", responses={"200": ChangedAnswer})
    def edit(path: CollectionPath, body: ChangeCollectionBody) -> Response:
        before = store.collection(str(path.collection_id))
        after = replace(
            before,
            name=before.name if body.name is None else body.name.strip(),
            note=before.note if body.note is None else body.note,
            is_archived=before.is_archived if body.is_archived is None else body.is_archived,
        )
        services.organisation.change_collection(actor(), after)
        return changed(after.collection_id)

    @api.post("/<uuid:collection_id>/images", summary="Put pictures in", responses={"200": ChangedAnswer})
    def put_in(path: CollectionPath, body: ImagesBody) -> Response:
        collection_id = str(path.collection_id)
        return changed(collection_id, services.organisation.add_images(actor(), collection_id, wanted(body)))

    @api.post("/<uuid:collection_id>/images/remove", summary="Take pictures out", responses={"200": ChangedAnswer})
    def take_out(path: CollectionPath, body: ImagesBody) -> Response:
        collection_id = str(path.collection_id)
        return changed(collection_id, services.organisation.remove_images(actor(), collection_id, wanted(body)))

    return api
