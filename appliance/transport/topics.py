"""The topics of one box. Nothing about a patient ever stands in one."""

ROOT = "nailfold/v1"


class BoxTopics:
    """The topics of one box."""

    def __init__(self, site: str, box: str) -> None:
        self._prefix = f"{ROOT}/{site}/{box}"

    @property
    def state(self) -> str:
        """Retained birth and will."""
        return f"{self._prefix}/state"

    @property
    def receipts(self) -> str:
        """Filter for the ingest's confirmations."""
        return f"{self._prefix}/receipts/+"

    def result(self, msg_id: str) -> str:
        """Where one exam's result is published; never retained."""
        return f"{self._prefix}/results/{msg_id}"

    def msg_id_of_receipt(self, topic: str) -> str | None:
        """The msg_id that a receipt confirms; None for any other topic."""
        prefix = f"{self._prefix}/receipts/"
        return topic.removeprefix(prefix) if topic.startswith(prefix) else None
