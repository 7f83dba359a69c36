"""A station in use: a patient with an exam to review and one under way, folders, collections, a second account."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from appliance.domain.exam import ExamStart, Finger, Hand, Placement, Sector, SkippedPlacement
from appliance.domain.patient import PatientIdentity, Sex
from appliance.domain.review_edits import Exclude, SetComment
from appliance.exam.message import BoxAddress, build_exam_message
from tests.support.accounts import OPERATOR
from tests.support.exam_parts import NOON, shown_frame
from tests.support.page_station import PageStation
from tests.support.review_exam import captured, picture

PSEUDONYM = "NC-0042"
_FINGERS = (Finger.RING, Finger.MIDDLE, Finger.INDEX, Finger.LITTLE)
_BESIDE = PatientIdentity("María García Núñez", date(1968, 3, 9), Sex.FEMALE, "H-77120", "Raynaud since 2019")


def fill(station: PageStation, said: Callable[[str], str] = str) -> dict[str, str]:
    """Addresses of its pages by a name for each; the live page has an open exam and a picture.

    Args:
        said: makes what people have typed of what they usually type.
    """
    beside = replace(_BESIDE, name=said("María García Núñez"), note=said("Raynaud since 2019"))
    patient = station.store.patients.add_patient(PSEUDONYM, NOON, beside)
    exams = [_finished(station, months, said) for months in (0, 6)]
    image_id = station.store.exam(exams[1]).images[0].image_id
    project = station.store.folders.add_folder(said("Raynaud"))
    year = station.store.folders.add_folder(said("2026"), project.folder_id, said("of this year"))
    station.store.file_exams({exams[0]: year.folder_id})
    collections = station.services.collections
    collection = collections.add_collection(said("Giants"), NOON, said("for the course"))
    collections.add_images(collection.collection_id, [image_id])
    kept = station.accounts.store.by_name(OPERATOR)
    assert kept is not None
    station.session.start("NC-0077-WITH-A-VERY-LONG-PSEUDONYM", ExamStart("ana"))
    show(station)
    station.session.capture()
    assert station.services.box is not None
    station.services.box.back_up("ana")
    return {
        "live": "/",
        "exams": "/exams/",
        "exam": f"/exams/{exams[1]}",
        "review": f"/exams/{exams[1]}/images/{image_id}/review",
        "report": f"/exams/{exams[1]}/report",
        "patients": "/patients/",
        "patient": f"/patients/{patient.patient_id}",
        "erase": f"/patients/{patient.patient_id}/erase",
        "projects": "/projects/",
        "collections": "/collections/",
        "collection": f"/collections/{collection.collection_id}",
        "calibration": "/calibration/",
        "import": "/import",
        "accounts": "/accounts/",
        "account of another": f"/accounts/{kept.account.account_id}",
        "account": "/account/",
        "about": "/about",
        "files": "/files",
        "settings": "/settings",
        "board": "/board",
        "network": "/settings/network/",
        "connections": "/settings/connections",
        "backups": "/settings/backups/",
        "journal": "/settings/journal/?check=1",
        "report settings": "/settings/report",
        "error": "/exams/00000000-0000-0000-0000-000000000000",
    }


def show(station: PageStation) -> None:
    """One picture with a loop, as camera and engine deliver it."""
    frame = station.next_frame(np.ascontiguousarray(picture()))
    station.show(frame, shown_frame(frame.seq, frame.captured_monotonic_s).analysis)


def _finished(station: PageStation, months: int, said: Callable[[str], str]) -> str:
    """Four fingers, one of them skipped; of the later exam one picture is excluded and another has a comment."""
    store, at_utc = station.store, NOON + timedelta(days=30 * months)
    exam_id = store.start_exam(PSEUDONYM, at_utc, ExamStart(OPERATOR, "16")).exam_id
    store.skip_placement(exam_id, SkippedPlacement(Placement(Hand.RIGHT, Finger.RING, Sector.A), said("bandage")))
    for number, finger in enumerate(_FINGERS):
        image, png = captured(exam_id, finger, 7 - number)
        store.add_image(exam_id, image, png)
    message = build_exam_message(store.exam(exam_id), BoxAddress("clinic", "box1"), at_utc)
    images = store.finish_exam(exam_id, at_utc, message).images
    service = station.services.reviews
    edits = (SetComment(said("Two loops crossed.")), Exclude(said("a hair over the row, and the patient moved")))
    for image, edit in zip(images, edits, strict=False):
        if months:
            service.edit(exam_id, image.image_id, edit, "carla.weber", 0)
    service.conclude(exam_id, said("No scleroderma pattern."), "carla.weber", service.log(exam_id).revision)
    return exam_id
