"""The list of image collections, and one collection."""

from flask import Blueprint, render_template

from webui.localisation.formatting import format_moment
from webui.services import Services

_THUMBNAILS = 4


def collections_blueprint(services: Services) -> Blueprint:
    """/collections"""
    pages = Blueprint("collections", __name__, url_prefix="/collections")
    store = services.collections

    @pages.get("/")
    def list_page() -> str:
        return render_template(
            "collections.html",
            collections=store.collections(),
            archived=store.collections(is_archived=True),
            thumbnails=lambda collection: store.images(collection.collection_id, limit=_THUMBNAILS),
            format_moment=format_moment,
        )

    @pages.get("/<uuid:collection_id>")
    def collection_page(collection_id: object) -> str:
        collection = store.collection(str(collection_id))
        return render_template(
            "collection.html",
            collection=collection,
            images=store.images(collection.collection_id),
            format_moment=format_moment,
        )

    return pages
