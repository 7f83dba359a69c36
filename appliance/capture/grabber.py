"""The thread that keeps a camera delivering, whatever happens to its cable."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from appliance.capture.frame_rate import FrameRate
from appliance.capture.latest_frame import LatestFrame
from appliance.capture.settings import CaptureSettings
from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.domain.errors import CaptureError, EndOfStream
from appliance.domain.frame import CameraDescription, Frame
from appliance.ports import VideoSource

_log = logging.getLogger(__name__)

_READ_TIMEOUT_S = 0.25  # how long stop() may have to wait for a silent camera


class FrameGrabber:
    """Reads a source into a slot; after a loss it closes, waits and opens again, for ever, until `stop`.

    A file that has been played to its end is not a loss: the phase becomes ENDED and the thread finishes.

    Args:
        source: used from the grabber's own thread alone.
        slot: where frames go; its owner closes it.
        settings: time-outs and waits.
        on_change: called on the grabber's thread with every change of phase or reason; must return quickly.
    """

    def __init__(
        self,
        source: VideoSource,
        slot: LatestFrame,
        settings: CaptureSettings,
        on_change: Callable[[CameraState], None] | None = None,
    ) -> None:
        self._source = source
        self._slot = slot
        self._settings = settings
        self._on_change = on_change
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._rate = FrameRate()
        self._state = CameraState(CameraPhase.STARTING, None, "The camera is being opened.", 0, 0, 0.0)

    @property
    def state(self) -> CameraState:
        """A snapshot as of now; safe from any thread."""
        with self._guard:
            return replace(
                self._state,
                frames_dropped=self._slot.frames_dropped,
                capture_fps=self._rate.fps(time.monotonic()),
            )

    def start(self) -> None:
        """Begin to capture. A grabber is started once."""
        self._thread = threading.Thread(target=self._run, name="frame-grabber", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread and close the source. Harmless before `start` and when called twice."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                _log.error("the camera driver has not come back for %.1f s; its thread is left behind", timeout_s)

    def _run(self) -> None:
        wait_s = self._settings.reopen_min_s
        while not self._stopping.is_set():
            captured_before = self._state.frames_captured
            try:
                self._capture_until_lost()
            except EndOfStream as end:
                self._publish(CameraPhase.ENDED, end.message)
                return
            except CaptureError as error:
                self._publish(CameraPhase.LOST, str(error))
            except Exception as error:  # a dead camera thread behind a live page would be worse than any of these
                _log.exception("the camera driver failed in an unforeseen way")
                self._publish(CameraPhase.LOST, f"The camera driver failed: {error}. It is being restarted.")
            finally:
                self._close_source()
            if self._state.frames_captured > captured_before:
                wait_s = self._settings.reopen_min_s
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, self._settings.reopen_max_s)

    def _close_source(self) -> None:
        """What a driver raises here neither ends the thread nor hides why the capture ended."""
        try:
            self._source.close()
        except Exception:
            _log.exception("the camera driver could not be closed")

    def _capture_until_lost(self) -> None:
        camera = self._source.open()
        _log.info("opened %s: %s %dx%d", camera.camera_id, camera.pixel_format, camera.width_px, camera.height_px)
        with self._guard:
            self._state = replace(self._state, camera=camera)
        heard_s, patience_s = time.monotonic(), self._settings.first_frame_timeout_s
        while not self._stopping.is_set():
            frame = self._source.read(min(_READ_TIMEOUT_S, patience_s))
            if frame is not None:
                heard_s, patience_s = time.monotonic(), self._settings.stall_timeout_s
                self._hand_over(frame)
            elif time.monotonic() - heard_s > patience_s:
                raise _stalled(camera, patience_s)

    def _hand_over(self, frame: Frame) -> None:
        self._slot.put(frame)
        with self._guard:
            self._rate.tick(time.monotonic())
            self._state = replace(self._state, camera=frame.camera, frames_captured=self._state.frames_captured + 1)
        if self._state.phase is not CameraPhase.LIVE:
            self._publish(CameraPhase.LIVE, "")

    def _publish(self, phase: CameraPhase, reason: str) -> None:
        with self._guard:
            is_new = (phase, reason) != (self._state.phase, self._state.reason)
            self._state = replace(self._state, phase=phase, reason=reason)
            if phase is not CameraPhase.LIVE:
                self._rate.clear()
        if not is_new:
            return
        _log.log(logging.WARNING if phase is CameraPhase.LOST else logging.INFO, "camera %s %s", phase.value, reason)
        if self._on_change is not None:
            try:
                self._on_change(self.state)
            except Exception:
                _log.exception("a change of the camera could not be passed on")


def _stalled(camera: CameraDescription, silence_s: float) -> CaptureError:
    return CaptureError(
        f"{camera.name} has sent no picture for {silence_s:g} s",
        "It is being restarted; if this repeats, unplug it and plug it in again.",
    )
