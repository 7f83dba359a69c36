"""One error family for everything the appliance can tell its operator."""


class ApplianceError(Exception):
    """What was attempted, what was seen, and what the operator can do.

    Args:
        message: what was attempted and the value seen, a sentence without a final stop.
        remedy: what the operator can do about it; empty where nothing can be done.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}. {remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy


class CaptureError(ApplianceError):
    """The camera or file gave no picture."""


class InferenceError(ApplianceError):
    """An engine could not be loaded or run."""


class CalibrationError(ApplianceError):
    """Micrometres were asked for where no valid calibration exists."""


class StoreError(ApplianceError):
    """Something could not be kept, or what was kept could not be read."""


class NotKeptError(StoreError):
    """What was asked for is not among what is kept."""


class ErasedError(NotKeptError):
    """It was kept once, of a patient who was erased since."""


class UpdateError(ApplianceError):
    """An update cannot be taken, or was taken back."""


class ExportError(ApplianceError):
    """A result could not leave the box."""


class SettingsError(ApplianceError):
    """A setting is unknown or has a value that cannot be used."""


class ExamError(ApplianceError):
    """The exam's state does not allow what was asked."""


class StaleError(ExamError):
    """Somebody else changed it first; what was asked rests on an older state."""


class AccessError(ApplianceError):
    """The account may not do what was asked."""


class AccountError(ApplianceError):
    """An account cannot be made or changed as asked."""


class BoardError(ApplianceError):
    """The box's board cannot do what was asked."""


class NetworkError(ApplianceError):
    """The box's network cannot be changed as asked. The message is one word, for the pages (network.because)."""


class EndOfStream(CaptureError):  # noqa: N818 (not an error: the end is expected)
    """A file has been played to its end; not a fault."""
