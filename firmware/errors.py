"""What the firmware can tell its operator."""


class FirmwareError(Exception):
    """What was attempted and seen, and what the operator can do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}. {remedy}")
        self.message = message
        self.remedy = remedy
