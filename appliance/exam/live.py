"""Live pictures and results for any number of listeners; encoded once, and only while somebody listens."""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.errors import SettingsError
from appliance.domain.frame import Frame
from appliance.exam.live_message import encode_live_message
from appliance.exam.live_subscription import Subscription

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveSettings:
    """How the live picture is sent.

    Attributes:
        jpeg_quality: 1 to 100. At 85 the red-cell column keeps its edges; above it the size grows, not the detail.
        fps_window_s: the engine's frame rate is averaged over this time.

    Raises:
        SettingsError: the quality is outside of its range.
    """

    jpeg_quality: int = 85
    fps_window_s: float = 2.0

    def __post_init__(self) -> None:
        if not 1 <= self.jpeg_quality <= 100:
            raise SettingsError(f"jpeg_quality of the live view is {self.jpeg_quality}", "Use 1 to 100; 85 is usual.")


class LiveHub:
    """Between the engine's thread and everybody who watches. Safe for calls from any thread; usable with `with`.

    `publish` hands over one picture through a single slot and never waits: what the encoder could not take is replaced
    by what is newer, and so is what a listener could not take (`Subscription.dropped`).
    """

    def __init__(self, settings: LiveSettings | None = None, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings or LiveSettings()
        self._monotonic_s = monotonic_s
        self._changed = threading.Condition()
        self._slot: tuple[Frame, FrameAnalysis] | None = None
        self._subscriptions: tuple[Subscription, ...] = ()
        self._status = ""
        self._published_at_s: deque[float] = deque(maxlen=1000)
        self._is_stopping = threading.Event()
        self._encoder: threading.Thread | None = None
        self._encoded = 0
        self._skipped = 0

    def start(self) -> None:
        """Start the encoder's thread; calling it twice is harmless."""
        with self._changed:
            if self._encoder is None:
                is_stopping = self._is_stopping = threading.Event()
                self._encoder = threading.Thread(
                    target=self._encode_until, args=(is_stopping,), name="live-encoder", daemon=True
                )
                self._encoder.start()

    def stop(self) -> None:
        """Stop the encoder's thread; calling it twice is harmless."""
        with self._changed:
            encoder, self._encoder, self._slot = self._encoder, None, None
            self._is_stopping.set()
            self._changed.notify_all()
        if encoder is not None:
            encoder.join()

    def __enter__(self) -> "LiveHub":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def publish(self, frame: Frame, analysis: FrameAnalysis) -> None:
        """Offer a picture and its result; returns at once. `frames_skipped` counts what the encoder never took."""
        with self._changed:
            self._published_at_s.append(self._monotonic_s())
            if not self._subscriptions:
                return
            self._skipped += self._slot is not None
            self._slot = (frame, analysis)
            self._changed.notify_all()

    def message_of(self, frame: Frame, analysis: FrameAnalysis) -> bytes:
        """One picture as it comes live, for a page that was too slow to get it."""
        return encode_live_message(frame, analysis, self._settings.jpeg_quality)

    def publish_status(self, status: Mapping[str, Any]) -> None:
        """Send the station's state as JSON text to every page, now open or opened later."""
        text = json.dumps({"type": "status", **status}, separators=(",", ":"), allow_nan=False)
        with self._changed:
            self._status = text
            # Under the lock, or somebody who comes just now would get the older state after the newer one.
            for subscription in self._subscriptions:
                subscription.offer_status(text)

    def subscribe(self, notify: Callable[[], None] | None = None) -> Subscription:
        """A new listener's mailbox; it starts with the latest state and the next picture.

        Args:
            notify: called from the hub's threads when something came. It must return at once, not raise and not call
                the hub; from asyncio pass `lambda: loop.call_soon_threadsafe(event.set)`.
        """
        subscription = Subscription(notify, self._unsubscribe)
        with self._changed:
            self._subscriptions = (*self._subscriptions, subscription)
            if self._status:
                subscription.offer_status(self._status)
        return subscription

    @property
    def frames_encoded(self) -> int:
        """Pictures that were made into messages."""
        with self._changed:
            return self._encoded

    @property
    def frames_skipped(self) -> int:
        """Pictures that the encoder never took while somebody listened."""
        with self._changed:
            return self._skipped

    @property
    def listeners(self) -> int:
        """How many mailboxes are open."""
        return len(self._subscriptions)

    @property
    def engine_fps(self) -> float:
        """Results a second over the last `fps_window_s`, watched or not."""
        with self._changed:
            since_s = self._monotonic_s() - self._settings.fps_window_s
            recent = sum(1 for published_at_s in self._published_at_s if published_at_s >= since_s)
        return recent / self._settings.fps_window_s

    def _unsubscribe(self, subscription: Subscription) -> None:
        with self._changed:
            self._subscriptions = tuple(other for other in self._subscriptions if other is not subscription)
            if not self._subscriptions:
                self._slot = None

    def _encode_until(self, is_stopping: threading.Event) -> None:
        while (work := self._next(is_stopping)) is not None:
            frame, analysis = work
            try:
                message = encode_live_message(frame, analysis, self._settings.jpeg_quality)
            except Exception:
                _log.exception("picture %d could not be encoded for the live view", frame.seq)
                continue
            with self._changed:
                self._encoded += 1
                subscriptions = self._subscriptions
            for subscription in subscriptions:
                subscription.offer_picture(message)

    def _next(self, is_stopping: threading.Event) -> tuple[Frame, FrameAnalysis] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._slot is not None or is_stopping.is_set())
            if is_stopping.is_set():
                return None
            work, self._slot = self._slot, None
            return work
