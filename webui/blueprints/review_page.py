"""The page on which a physician goes over one image."""

from flask import Blueprint, render_template

from appliance.domain.account import Role
from appliance.domain.errors import NotKeptError
from appliance.domain.exam import CapturedImage, Exam, ExamState
from webui.current_account import current_account
from webui.services import Services


def review_page_blueprint(services: Services) -> Blueprint:
    """/exams/<exam>/images/<image>/review"""
    pages = Blueprint("review_page", __name__, url_prefix="/exams")

    @pages.get("/<uuid:exam_id>/images/<uuid:image_id>/review")
    def review(exam_id: object, image_id: object) -> str:
        exam = services.store.exam(str(exam_id))
        at = _position(exam, str(image_id))
        before, after = exam.images[:at], exam.images[at + 1 :]
        is_physician = current_account().role.includes(Role.PHYSICIAN)
        return render_template(
            "review.html",
            exam=exam,
            image=exam.images[at],
            number=at + 1,
            previous_image=before[-1] if before else None,
            next_image=after[0] if after else None,
            may_edit=is_physician and exam.state is ExamState.FINISHED,
            why_not="" if is_physician else "role",
        )

    return pages


def _position(exam: Exam, image_id: str) -> int:
    found = next((at for at, image in enumerate(exam.images) if _is(image, image_id)), None)
    if found is None:
        raise NotKeptError(f"there is no image {image_id} in exam {exam.exam_id}", "Choose one from the exam.")
    return found


def _is(image: CapturedImage, image_id: str) -> bool:
    return image.image_id == image_id
