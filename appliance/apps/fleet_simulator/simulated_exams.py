"""Exams of a simulated box: finished into its own store and outbox, then read by a physician."""

import random
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

import uuid_utils

from appliance.analysis.recorded_analysis import record_analysis, revise
from appliance.apps.fleet_simulator.nailfolds import Engine, Nailfold, analyse, any_nailfold, pauses, review
from appliance.domain.exam import CapturedImage, Exam, ExamStart, Placement
from appliance.domain.exam_protocol import PROTOCOL_16
from appliance.domain.review import ReviewedExam, ReviewedImage, unreviewed
from appliance.exam.message import BoxAddress, build_corrected_message, build_exam_message
from appliance.ports import ExamMessage
from appliance.storage.open_storage import Storage

_READ = 0.8  # of the exams are validated
_EDITED = 0.1  # of the images of such an exam, with networks that are as validated
_READING = timedelta(minutes=20)
_PATIENTS = 400
OPERATORS = ("ana", "ben", "chloe")
PHYSICIAN = "dr-lang"


class SimulatedExams:
    """What goes on at one box.

    Args:
        images: of an exam, the first of the protocol with 16.
    """

    def __init__(self, storage: Storage, address: BoxAddress, chance: random.Random, images: int) -> None:
        self._storage, self._address, self._chance = storage, address, chance
        self._places = PROTOCOL_16.placements[:images]

    def examine(self, engine: Engine, began_utc: datetime) -> None:
        """A whole exam, and for most its validation; each queues its message. Raises StoreError."""
        chance, journal, exams = self._chance, self._storage.journal, self._storage.exams
        patient = f"NC-{chance.randrange(_PATIENTS):04d}"
        operator = chance.choice(OPERATORS)
        opened = exams.start_exam(patient, began_utc, ExamStart(operator, PROTOCOL_16.name))
        nailfold = any_nailfold(chance)
        images = tuple(self._image(number, nailfold, engine, began_utc) for number in range(len(self._places)))
        exam, finished_utc = replace(opened, images=images), began_utc + pauses(len(images))
        message = build_exam_message(exam, self._address, finished_utc)
        exams.finish_exam(exam.exam_id, finished_utc, message)
        subject = f"exam:{exam.exam_id}"
        journal.append(operator, subject, "exam.finished", {"images": len(images)})
        if chance.random() >= _READ:
            return
        finished = replace(exam, finished_at_utc=finished_utc)
        corrected = build_corrected_message(
            self._reviewed(finished, engine), self._address, finished_utc + _READING, 1, message.msg_id,
            is_validated=True,
        )  # fmt: skip
        publishes = ExamMessage(exam.exam_id, corrected)
        journal.append(PHYSICIAN, subject, "review.validated", {"revision": 1}, publishes=publishes)

    def _image(self, number: int, nailfold: Nailfold, engine: Engine, began_utc: datetime) -> CapturedImage:
        place: Placement = self._places[number]
        analysis = analyse(nailfold, engine, began_utc + pauses(number), self._chance)
        image_id = str(uuid_utils.uuid7())
        recorded = record_analysis(analysis, f"{image_id}.png")
        return CapturedImage(
            image_id, place.hand, place.finger, place.sector, analysis.captured_at_utc, f"{image_id}.png",
            secrets.token_hex(32), recorded,
        )  # fmt: skip

    def _reviewed(self, exam: Exam, engine: Engine) -> ReviewedExam:
        share = _EDITED * (1 + 4 * engine.drift)
        images = tuple(self._edited(one) if self._chance.random() < share else one for one in unreviewed(exam).images)
        return ReviewedExam(exam, images)

    def _edited(self, one: ReviewedImage) -> ReviewedImage:
        return replace(one, recorded=revise(one.recorded, review(one.analysis, self._chance)), is_edited=True)
