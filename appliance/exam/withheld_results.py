"""Results that the broker refused for good: seen by people, and sent again when the cause is gone."""

from collections.abc import Callable

from appliance.domain.errors import NotKeptError
from appliance.ports import DeadLetter, Journal, Outbox


class WithheldResults:
    """The operator's verbs for dead letters. Safe for calls from any thread.

    Args:
        on_retry: wakes the publisher.
    """

    def __init__(self, outbox: Outbox, journal: Journal, on_retry: Callable[[], None] = lambda: None) -> None:
        self._outbox = outbox
        self._journal = journal
        self._on_retry = on_retry

    def all(self) -> tuple[DeadLetter, ...]:
        """What was refused for good, oldest first."""
        return self._outbox.dead_letters()

    def retry(self, msg_id: str, actor: str) -> None:
        """Send one again, under the same msg_id.

        Raises:
            NotKeptError: there is no such dead letter.
            StoreError: it cannot be written down.
        """
        letter = next((one for one in self.all() if one.msg_id == msg_id), None)
        if letter is None:
            raise NotKeptError(f"no result {msg_id} is withheld", "Look again: somebody may have sent it.")
        with self._journal.transaction("send the result again"):
            self._outbox.retry(msg_id)
            self._journal.append(actor, f"exam:{letter.exam_id}", "exam.result_sent_again", {"msg_id": msg_id})
        self._on_retry()
