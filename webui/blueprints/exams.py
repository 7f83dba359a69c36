"""The list of exams, one exam, and its stills."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from appliance.domain.errors import NotKeptError
from appliance.domain.exam import CapturedImage, Exam
from webui.catalogue import catalogue, text
from webui.pictures import WIDEST_PX, StillPictures
from webui.services import Services

_PAGE_SIZE = 50
_DECIMALS = {"density_per_mm": 1, "distal_row_mm": 2, "mean_apical_um": 1, "largest_width_um": 1}
METRIC_KEYS = (
    "density_per_mm",
    "capillaries_distal",
    "capillaries_total",
    "distal_row_mm",
    "mean_apical_um",
    "largest_width_um",
    "tortuous",
    "ramified",
    "giant",
    "size_enlarged",
    "haemorrhages",
)


def exams_blueprint(services: Services) -> Blueprint:
    """/exams and everything below it."""
    pages = Blueprint("exams", __name__, url_prefix="/exams")
    store, pictures = services.store, StillPictures(services.store)

    @pages.get("/")
    def list_page() -> str:
        page = max(0, request.args.get("page", 0, type=int))
        found = store.exams(limit=_PAGE_SIZE + 1, offset=page * _PAGE_SIZE)
        return render_template(
            "exams.html",
            exams=found[:_PAGE_SIZE],
            page=page,
            has_older=len(found) > _PAGE_SIZE,
            message_state=services.message_state,
            when=_when,
        )

    @pages.get("/<uuid:exam_id>")
    def exam_page(exam_id: object) -> str:
        exam = store.exam(str(exam_id))
        return render_template(
            "exam.html",
            exam=exam,
            delivery=services.message_state(exam.exam_id),
            metric_keys=METRIC_KEYS,
            metric=_metric,
            quality_words=_quality_words,
            when=_when,
        )

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>.png")
    def image_png(exam_id: object, image_id: object) -> Response:
        return Response(store.read_png(str(exam_id), str(image_id)), mimetype="image/png")

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>.jpg")
    def image_jpeg(exam_id: object, image_id: object) -> Response:
        width_px = min(max(16, request.args.get("width", WIDEST_PX, type=int)), WIDEST_PX)
        return Response(pictures.jpeg(str(exam_id), str(image_id), width_px), mimetype="image/jpeg")

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>.json")
    def image_result(exam_id: object, image_id: object) -> Response:
        return jsonify(_image_of(store.exam(str(exam_id)), str(image_id)).document)

    return pages


def _image_of(exam: Exam, image_id: str) -> CapturedImage:
    for image in exam.images:
        if image.image_id == image_id:
            return image
    raise NotKeptError(text("errors.not_found.message"), text("errors.not_found.remedy"))


def _metric(image: CapturedImage, key: str) -> str:
    value: Any = image.document["images"][0]["metrics"][key]
    return text("unmeasured") if value is None else f"{value:.{_DECIMALS.get(key, 0)}f}"


def _quality_words(analysed: dict[str, Any]) -> str:
    words = catalogue()["quality"]
    return "; ".join(words.get(reason, reason) for reason in analysed["quality"]["reasons"])


def _when(instant: datetime) -> str:
    return instant.astimezone().strftime("%Y-%m-%d %H:%M")
