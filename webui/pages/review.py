"""The page on which a physician goes over one image, and what the exam's page says of the review."""

from collections.abc import Collection, Sequence

from flask import Blueprint, Response, jsonify, render_template

from appliance.analysis.picture_digits import picture_decimals
from appliance.analysis.recorded_analysis import document_of
from appliance.domain.account import Role
from appliance.domain.errors import NotKeptError
from appliance.domain.exam import CapturedImage, Exam, ExamState
from appliance.domain.review import ReviewedImage
from appliance.exam.seen_pictures import unseen_by
from webui.auth.current_account import current_account
from webui.localisation.catalogue import text
from webui.localisation.formatting import number
from webui.services import Services


def review_page_blueprint(services: Services) -> Blueprint:
    """/exams/<exam>/images/<image>/review"""
    pages = Blueprint("review_page", __name__, url_prefix="/exams")

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>/review")
    def review(exam_id: object, image_id: object) -> str:
        services.store.require_pictures(str(exam_id))
        reviewed = services.reviews.reviewed(str(exam_id))
        exam, seen = reviewed.exam, services.reviews.seen_by(str(exam_id))
        at = _position(exam, str(image_id))
        before, after = exam.images[:at], exam.images[at + 1 :]
        unseen = unseen_by(current_account().name, reviewed, seen)
        return render_template(
            "review.html",
            exam=exam,
            reviewed=reviewed,
            image=exam.images[at],
            number=at + 1,
            previous_image=before[-1] if before else None,
            next_image=after[0] if after else None,
            unseen=unseen,
            next_unseen=_next_of(unseen, [image.image_id for image in (*after, *before)]),
            may_edit=may_edit(exam),
            has_vessels=services.find_vessels is not None,
            why_not="" if _is_physician() else "role",
        )

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>/reviewed.json")
    def reviewed_result(exam_id: object, image_id: object) -> Response:
        reviewed = services.reviews.image(str(exam_id), str(image_id)).reviewed
        return jsonify(document_of(reviewed.recorded))

    pages.add_app_template_global(_metric, "reviewed_metric")
    return pages


def _next_of(unseen: Collection[str], order: Sequence[str]) -> str | None:
    """The first in that order that was not seen."""
    return next((image_id for image_id in order if image_id in unseen), None)


def may_edit(exam: Exam) -> bool:
    """Whether who is asking may review the exam as it is."""
    return _is_physician() and exam.state is ExamState.FINISHED


def _is_physician() -> bool:
    return current_account().role.includes(Role.PHYSICIAN)


def _metric(reviewed: ReviewedImage, key: str) -> str:
    """A dash for every figure of a picture that does not count, whatever was found in it."""
    value: float | None = getattr(reviewed.analysis.metrics, key) if reviewed.counts else None
    return text("unmeasured") if value is None else number(value, picture_decimals(reviewed)[key])


def _position(exam: Exam, image_id: str) -> int:
    found = next((at for at, image in enumerate(exam.images) if _is(image, image_id)), None)
    if found is None:
        raise NotKeptError(f"there is no image {image_id} in exam {exam.exam_id}", "Choose one from the exam.")
    return found


def _is(image: CapturedImage, image_id: str) -> bool:
    return image.image_id == image_id
