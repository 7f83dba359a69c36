"""The open exam as the live page draws it."""

from typing import Any

from appliance.analysis import uncertainty
from appliance.domain.exam import CapturedImage, Placement
from appliance.domain.hand_map import hand_map
from appliance.domain.instant import to_rfc3339
from appliance.exam.session_state import ExamSnapshot
from webui.documents.hand_map import hand_map_document


def exam_document(snapshot: ExamSnapshot) -> dict[str, Any]:
    """The session's state as JSON types; `exam_id` is None between exams, `images` are oldest first.

    A document is newer than another of the same `boot_id` if its `revision` is higher: answers and pushed states may
    overtake one another on their way to a page.
    """
    exam, placement = snapshot.exam, snapshot.placement
    return {
        "boot_id": snapshot.boot_id,
        "revision": snapshot.revision,
        "exam_id": exam and exam.exam_id,
        "patient_pseudonym": exam and exam.patient_pseudonym,
        "selected": _place(placement),
        "protocol": snapshot.protocol.name,
        "placements": [_place(placement) for placement in snapshot.protocol.placements],
        "skipped": [
            {**_place(skipped.placement), "reason": skipped.reason} for skipped in (exam.skipped if exam else ())
        ],
        "hand_map": exam and hand_map_document(hand_map(exam)).model_dump(mode="json"),
        "images": [image_summary(image) for image in (exam.images if exam else ())],
        "can_undo": snapshot.can_undo,
        "can_redo": snapshot.can_redo,
        "can_finish": snapshot.can_finish,
    }


def _place(placement: Placement) -> dict[str, str]:
    return {"hand": placement.hand.value, "finger": placement.finger.value, "sector": placement.sector.value}


def image_summary(image: CapturedImage) -> dict[str, Any]:
    """One capture as its thumbnail shows it."""
    return {
        "image_id": image.image_id,
        "kind": image.kind.value,
        "hand": image.hand.value,
        "finger": image.finger.value,
        "sector": image.sector.value,
        "captured_at_utc": to_rfc3339(image.captured_at_utc),
        "density_per_mm": image.analysis.metrics.density_per_mm,
        "density_ci95_per_mm": uncertainty.of_density_in(image.analysis.metrics),
        "is_evaluable": image.analysis.quality.is_evaluable,
    }
