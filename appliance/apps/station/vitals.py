"""Whether frames, store and web server make progress: what the watchdogs of systemd and of the hardware are fed by."""

import logging
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

from appliance.domain.camera_state import CameraPhase, CameraState
from appliance.domain.errors import StoreError
from appliance.ports import ExamStore
from firmware.protocol import ProgressCounters

_log = logging.getLogger(__name__)
_PROBED_EVERY_S = 3.0
_WEB_TIMEOUT_S = 10.0
_MOST_COMPUTING_S = 900.0
_TIMES_THE_SLOWEST = 10
# More than a thread uses that waits and wakes up now and then, between two looks of a watchdog's patience.
_LEAST_COMPUTED_S = 0.05


class Probe:
    """Calls `attempt` again and again on a thread of its own and counts how often it came back with success.

    A call that never comes back stops the count, and so do calls that fail: that is what is watched for.
    """

    def __init__(self, name: str, attempt: Callable[[], bool], every_s: float = _PROBED_EVERY_S) -> None:
        self._attempt, self._every_s = attempt, every_s
        self.count = 0
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Harmless where it was not started; a call that hangs is left behind."""
        self._is_stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            self.count += self._attempt()
            if self._is_stopping.wait(self._every_s):
                return


class Frames:
    """Counts looks at which the pictures were as they should be.

    Where the camera is live, results must come; a camera that is away, or a file that has ended, is no reason to
    restart a box: then nothing is due. How long a picture takes is the computer's own: the first may take as long as
    the engine's thread computes, a quarter of an hour at most, each later one ten times as long as the slowest before.
    A bound there must be: waiting for a GPU that hangs looks like computing.

    Args:
        seen: how many frames the engine has dealt with.
        computed_s: processor time of the engine's thread so far.
    """

    def __init__(
        self,
        camera: Callable[[], CameraState],
        seen: Callable[[], int],
        computed_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._camera, self._seen, self._computed_s = camera, seen, computed_s
        self._seen_before = -1
        self._seen_at_s: float | None = None
        self._counted_at_s = 0.0
        self._slowest_s = 0.0
        self.count = 0

    def look(self) -> None:
        """For one thread."""
        seen, computed_s = self._seen(), self._computed_s()
        if self._camera().phase is not CameraPhase.LIVE:
            self.count += 1
        elif seen != self._seen_before:
            self.count += 1
            if seen > 0:
                since_s = 0.0 if self._seen_at_s is None else self._seen_at_s
                self._slowest_s, self._seen_at_s = max(self._slowest_s, computed_s - since_s), computed_s
        elif self._still_computes(computed_s):
            self.count += 1
            self._counted_at_s = computed_s
        self._seen_before = seen

    def _still_computes(self, computed_s: float) -> bool:
        if self._seen_at_s is None:
            is_patient = computed_s <= _MOST_COMPUTING_S
        else:
            is_patient = computed_s - self._seen_at_s <= _TIMES_THE_SLOWEST * self._slowest_s
        return is_patient and computed_s - self._counted_at_s >= _LEAST_COMPUTED_S


class Vitals:
    """All three. Started once, after the pages are served, and stopped once.

    Args:
        url: where the pages are.
    """

    def __init__(self, frames: Frames, store: ExamStore, url: Callable[[], str]) -> None:
        self._frames = frames
        self._store = Probe("vitals-store", lambda: store_answers(store))
        self._web = Probe("vitals-web", lambda: web_answers(url()))

    def start(self) -> None:
        self._store.start()
        self._web.start()

    def stop(self, timeout_s: float) -> None:
        self._web.stop(timeout_s)
        self._store.stop(timeout_s)

    def look(self) -> ProgressCounters:
        """The counters as of now; for one thread."""
        self._frames.look()
        return ProgressCounters(frames=self._frames.count, store=self._store.count, web=self._web.count)


def store_answers(store: ExamStore) -> bool:
    """Whether the store came back at all: a full disk is told on the pages, and a restart would not empty it."""
    try:
        store.open_exam()
    except StoreError as error:
        _log.warning("the store answers with a fault: %s", error)
    return True


def web_answers(url: str) -> bool:
    """Whether a page of this box's own server comes, over the very address that browsers use."""
    # The certificate is for browsers; here the far side is this process.
    context = ssl._create_unverified_context() if url.startswith("https:") else None  # noqa: S323 (this very process)
    port = urlsplit(url).port
    host = urlsplit(url).hostname
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (asked for, not listened at)
    address = f"{urlsplit(url).scheme}://{f'[{host}]' if host and ':' in host else host}:{port}/health/alive"
    try:
        with urllib.request.urlopen(address, timeout=_WEB_TIMEOUT_S, context=context) as answer:  # noqa: S310 (http or https)
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError) as error:
        _log.warning("the pages' own server does not answer: %s", error)
        return False
