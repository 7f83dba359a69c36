"""The list of exams, one exam, and its stills."""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from appliance.analysis.recorded_analysis import document_of
from appliance.domain.errors import NotKeptError
from appliance.domain.exam import CapturedImage, Exam, ExamState
from appliance.domain.exam_search import ExamQuery
from appliance.domain.hand_map import reviewed_hand_map
from appliance.domain.quality import FrameQuality
from appliance.exam.seen_pictures import unseen_by
from webui.api.search_bodies import ExamSearchBody, asked_of
from webui.auth.current_account import current_account
from webui.documents.hand_map import hand_map_document
from webui.localisation.catalogue import catalogue, text
from webui.localisation.conclusions import suggestions
from webui.localisation.formatting import format_moment
from webui.pages.exam_listing import exam_rows
from webui.pages.folder_view import FolderView
from webui.pages.pictures import WIDEST_PX, StillPictures
from webui.pages.review import may_edit
from webui.services import Services

TO_VALIDATE = ExamQuery(state=ExamState.FINISHED, is_validated=False)
"""The worklist of the physicians."""


def exams_blueprint(services: Services) -> Blueprint:
    """/exams and everything below it."""
    pages = Blueprint("exams", __name__, url_prefix="/exams")
    store, pictures = services.store, StillPictures(services.store)

    def shown(asked: ExamSearchBody) -> dict[str, Any]:
        folders = FolderView(services.folders)
        to_validate = services.finder.search(TO_VALIDATE, 1).total
        return {**exam_rows(services, asked, folders), "asked": asked, "to_validate": to_validate}

    @pages.get("/")
    def list_page() -> str:
        # An address names folders, never what was typed: that may be a patient's name.
        asked = asked_of(
            ExamSearchBody,
            {
                "folder_id": request.args.get("folder") or None,
                "is_filed": False if "unfiled" in request.args else None,
                "is_archived": "archived" in request.args,
                **({"state": "finished", "is_validated": False} if "to-validate" in request.args else {}),
            },
        )
        return render_template("exams.html", collections=services.collections.collections(), **shown(asked))

    @pages.post("/rows")
    def list_rows() -> str:
        return render_template("exams_rows.html", **shown(asked_of(ExamSearchBody, request.get_json())))

    @pages.get("/<uuid:exam_id>")
    def exam_page(exam_id: object) -> str:
        reviewed, log = services.reviews.reviewed_with_log(str(exam_id))
        exam, seen = reviewed.exam, services.reviews.seen_by(str(exam_id))
        unseen = unseen_by(current_account().name, reviewed, seen)
        return render_template(
            "exam.html",
            exam=exam,
            reviewed=reviewed,
            revision=log.revision,
            may_edit=may_edit(exam),
            suggestions=lambda figures: suggestions(figures, services.reports.folder.conclusions()),
            unseen=unseen,
            entering=sum(one.enters for one in reviewed.images),
            next_exam=_next_to_validate(services, exam.exam_id),
            patient=services.patients.patient_of(exam.patient_pseudonym),
            folders=FolderView(services.folders),
            collections=services.collections.collections(),
            hands=hand_map_document(reviewed_hand_map(reviewed)),
            delivery=services.message_state(exam.exam_id),
            quality_words=_quality_words,
            format_moment=format_moment,
        )

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>.png")
    def image_png(exam_id: object, image_id: object) -> Response:
        return Response(store.read_png(str(exam_id), str(image_id)), mimetype="image/png")

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>.avi")
    def clip_video(exam_id: object, image_id: object) -> Response:
        return Response(store.read_png(str(exam_id), str(image_id)), mimetype="video/x-msvideo")

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>.jpg")
    def image_jpeg(exam_id: object, image_id: object) -> Response:
        width_px = min(max(16, request.args.get("width", WIDEST_PX, type=int)), WIDEST_PX)
        return Response(pictures.jpeg(str(exam_id), str(image_id), width_px), mimetype="image/jpeg")

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>.json")
    def image_result(exam_id: object, image_id: object) -> Response:
        return jsonify(document_of(_image_of(store.exam(str(exam_id)), str(image_id)).recorded))

    return pages


def _next_to_validate(services: Services, exam_id: str) -> Exam | None:
    """The newest finished exam that nobody has validated, but for this one."""
    found = services.finder.search(TO_VALIDATE, 2).exams
    return next((entry.exam for entry in found if entry.exam.exam_id != exam_id), None)


def _image_of(exam: Exam, image_id: str) -> CapturedImage:
    for image in exam.images:
        if image.image_id == image_id:
            return image
    raise NotKeptError(text("errors.not_found.message"), text("errors.not_found.remedy"))


def _quality_words(quality: FrameQuality) -> str:
    words = catalogue()["quality"]
    return "; ".join(words.get(reason.value, reason.value) for reason in quality.reasons)
