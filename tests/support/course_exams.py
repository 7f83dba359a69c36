"""A patient's course: four exams in three years, healthy at first, with giants and fewer capillaries at last."""

import hashlib
from dataclasses import replace
from datetime import timedelta

from uuid_utils import uuid7

from appliance.ports import OutboxMessage
from tests.support.accounts import PHYSICIAN
from tests.support.exam_parts import NOON
from tests.support.page_station import PageStation
from tests.support.report_exams import skin_png
from tests.support.reviewed_exams import Loop, every_finger

PSEUDONYM = "NC-0042"
DAYS_AGO = (1095, 730, 365, 0)
LOOPS = (
    [Loop(14)] * 9,
    [Loop(15)] * 8,
    [*[Loop(19)] * 6, Loop(55, "giant")],
    [*[Loop(24)] * 2, *[Loop(62, "giant")] * 2],
)
HAEMORRHAGES = (0, 0, 1, 2)


def keep_course(station: PageStation, exams: int = len(LOOPS)) -> list[str]:
    """The exams' ids, oldest first; all but the newest are validated. The newest has no image of the left index."""
    return [_keep(station, number, is_newest=number == exams - 1) for number in range(exams)]


def patient_id_of(station: PageStation) -> str:
    patient = station.store.patients.patient_of(PSEUDONYM)
    assert patient is not None
    return patient.patient_id


def _keep(station: PageStation, number: int, is_newest: bool) -> str:
    start = NOON - timedelta(days=DAYS_AGO[number])
    exam_id = station.store.start_exam(PSEUDONYM, start).exam_id
    images = every_finger(LOOPS[number], haemorrhages=HAEMORRHAGES[number])
    for at, one in enumerate(images[1:] if is_newest else images):
        image_id = str(uuid7())
        kept = replace(
            one.image,
            image_id=image_id,
            file_name=f"{image_id}.png",
            captured_at_utc=start + timedelta(seconds=10 * at),
            sha256=hashlib.sha256(skin_png()).hexdigest(),
        )
        station.store.add_image(exam_id, kept, skin_png())
    message = OutboxMessage(str(uuid7()), "nailfold.exam/1", b"{}", "0" * 64)
    station.store.finish_exam(exam_id, start + timedelta(minutes=6), message)
    if not is_newest:
        station.services.reviews.validate(exam_id, PHYSICIAN, 0, accepts_unseen=True)
    return exam_id
