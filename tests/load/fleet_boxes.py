"""Many boxes in one process, which can be killed and started again.

`python tests/load/fleet_boxes.py FOLDER PORT FIRST COUNT RESULTS` opens COUNT boxes with the product's own store,
outbox and publisher, finishes exams until each has RESULTS, prints "filled", waits for a line, publishes, prints "done"
when every result has its receipt, and ends.
"""

import hashlib
import json
import sys
import time
from pathlib import Path

import uuid_utils

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.ports import OutboxMessage
from appliance.storage.open_storage import Storage, open_storage
from appliance.storage.settings import StorageSettings
from appliance.transport.mqtt_publisher import MqttPublisher
from tests.support.exam_harness import mqtt_settings
from tests.support.exam_parts import IDENTITY, SystemClock

SITE = "load"
_RECORDED = json.loads((Path(__file__).parents[1] / "data/fleet_messages/nailfold.exam-1.json").read_text("utf-8"))


def box_name(number: int) -> str:
    return f"box-{number}"


def message(box: str, exam_id: str, site: str = SITE) -> OutboxMessage:
    """A recorded result under new names."""
    document = {**_RECORDED, "site": site, "box": box, "msg_id": str(uuid_utils.uuid7()), "exam_id": exam_id}
    payload = json.dumps(document, separators=(",", ":")).encode()
    return OutboxMessage(document["msg_id"], document["schema"], payload, hashlib.sha256(payload).hexdigest())


class LoadBox:
    """One box as on the device, from the finished exam on."""

    def __init__(self, folder: Path, port: int, number: int) -> None:
        self._clock, self._name = SystemClock(), box_name(number)
        settings = StorageSettings(folder / self._name, reserve_mb=0, resend_after_s=3.0, receipt_timeout_s=5.0)
        self.storage: Storage = open_storage(settings, self._clock.now_utc)
        mqtt = mqtt_settings(port, site=SITE, box=self._name, keepalive_s=60, answer_timeout_s=10.0)
        self.publisher = MqttPublisher(mqtt, self.storage.outbox, IDENTITY, self._clock)

    def count(self, where: str = "1") -> int:
        rows = self.storage.database.rows("count", f"SELECT count(*) AS n FROM outbox WHERE {where}")
        return int(rows[0]["n"])

    def fill(self, results: int) -> None:
        """Finish exams until so many results are in the outbox; in one commit, for that is not what is measured."""
        exams, missing = self.storage.exams, results - self.count()
        with self.storage.database.transaction("fill the outbox"):
            for _ in range(missing):
                exam = exams.open_exam() or exams.start_exam("LOAD-1", self._clock.now_utc())
                exams.finish_exam(exam.exam_id, self._clock.now_utc(), message(self._name, exam.exam_id))


def main(folder: Path, port: int, first: int, count: int, results: int) -> None:
    boxes = [LoadBox(folder, port, number) for number in range(first, first + count)]
    for box in boxes:
        box.fill(results)
    say("filled")
    sys.stdin.readline()
    for box in boxes:
        box.publisher.start()
    while any(box.count("state <> 'receipted'") for box in boxes):
        time.sleep(0.5)
    say("done")
    for box in boxes:
        box.publisher.stop()
        box.storage.close()


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:6]))
