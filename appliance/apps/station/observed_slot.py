"""The hand-over of frames to the engine, with somebody else who sees every one of them."""

from collections.abc import Callable

from appliance.capture.latest_frame import LatestFrame
from appliance.domain.frame import Frame


class ObservedSlot(LatestFrame):
    """A `LatestFrame` that shows each frame to a listener too; the engine takes only those it has time for.

    Attributes:
        listener: called on the camera's thread; must return at once and not raise.
    """

    def __init__(self) -> None:
        super().__init__()
        self.listener: Callable[[Frame], None] = lambda _: None

    def put(self, frame: Frame) -> None:
        """Offer a frame; returns at once."""
        super().put(frame)
        self.listener(frame)
