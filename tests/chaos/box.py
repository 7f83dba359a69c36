"""A box in a process of its own: one exam captured, finished, edited, validated and sent, again and again.

`python -m tests.chaos.box FOLDER PORT` does one round after what an earlier process left, says each act on standard
output once it was answered, waits until the broker has everything, and ends.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from appliance.domain.errors import ApplianceError
from appliance.domain.review_edits import SetComment
from appliance.exam.message import BoxAddress
from appliance.exam.review_service import ReviewService
from appliance.exam.revision_messages import RevisionMessages
from tests.support.exam_harness import BOX, SITE, ExamHarness, mqtt_settings
from tests.support.exam_parts import SystemClock

DELIVERY_S = 30.0


def say(*words: str) -> None:
    """One line, at once and unbuffered: what was said was answered. A fault may hit this very call."""
    with suppress(OSError):
        os.write(1, (" ".join(words) + "\n").encode())


def round_of(harness: ExamHarness) -> None:
    """Finish what is open or a new exam, comment its first picture, validate it."""
    exam = harness.examine()
    say("finished", exam.exam_id)
    outbox = harness.storage.outbox
    publication = RevisionMessages(
        BoxAddress(SITE, BOX), outbox.newest_message_id, SystemClock().now_utc, harness.publisher.wake
    )
    reviews = ReviewService(harness.storage.exams, harness.storage.journal, publication)
    image_id = exam.images[0].image_id
    revision = reviews.image(exam.exam_id, image_id).log.revision
    reviews.edit(exam.exam_id, image_id, SetComment("seen"), "dr.ruiz", revision)
    say("edited", exam.exam_id)
    reviews.validate(exam.exam_id, "dr.ruiz", reviews.log(exam.exam_id).revision, accepts_unseen=True)
    say("validated", exam.exam_id)


def main() -> None:
    """One round; 1 where the box refused something, as on a full disk."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    try:
        with ExamHarness(folder, mqtt_settings(port), resend_after_s=0.4) as harness:
            harness.publisher.start()
            round_of(harness)
            until_s = time.monotonic() + DELIVERY_S
            while (status := harness.storage.outbox.status()).pending + status.sent and time.monotonic() < until_s:
                time.sleep(0.02)
    except ApplianceError as error:
        say("refused", str(error).replace("\n", " "))
        sys.exit(1)
    say("done")


if __name__ == "__main__":
    main()
