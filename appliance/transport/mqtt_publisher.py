"""The thread that brings finished exams to the broker."""

import logging
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace

from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import ApplianceError
from appliance.domain.journal import JournalState
from appliance.ports import BrokerStatus, Clock, FleetAgent, Outbox
from appliance.transport.connection import BrokeOffError, BrokerConnection, Listening
from appliance.transport.delivery import Delivery
from appliance.transport.properties import state_properties
from appliance.transport.send_window import SendWindow
from appliance.transport.settings import MqttSettings
from appliance.transport.state_message import BoxState
from appliance.transport.twin_watch import TwinWatch
from appliance.transport.waker import Waker

_log = logging.getLogger(__name__)

# A connection that held this long starts the wait between attempts anew.
_STABLE_S = 10.0
_LAST_ANSWER_S = 2.0


class MqttPublisher:
    """Publishes what the outbox holds, for as long as it runs; never called from an exam's path. Usable with `with`.

    The outbox alone decides what is sent: a message is due until the broker's answer is written down. So a message may
    arrive twice, always under the same msg_id, and never gets lost.

    Attributes:
        boot_id: of this start of the station.
        agent: speaks with the fleet over the same connection, from the next one on; None where nobody does.

    Args:
        journal_state: of the box, told with every state and result.
        jitter: spreads the attempts of many boxes after a broker's restart.
    """

    def __init__(
        self,
        settings: MqttSettings,
        outbox: Outbox,
        identity: EngineIdentity,
        clock: Clock,
        jitter: random.Random | None = None,
        journal_state: Callable[[], JournalState] = lambda: JournalState(None, 0),
    ) -> None:
        self.agent: FleetAgent | None = None
        self._journal_state = journal_state
        self._settings = settings
        self._outbox = outbox
        self._identity = identity
        self._clock = clock
        self._jitter = jitter or random.Random()
        self.boot_id = str(uuid.uuid4())
        self._twins = TwinWatch(f"{settings.site}/{settings.box}", self.boot_id, clock.monotonic_s)
        self._conn_seq = 0
        self._lock = threading.Lock()
        # Of the newest start. A thread keeps its own, so that one that is slow to end is not called back to life.
        self._stopping = threading.Event()
        self._waker = Waker()
        self._window = SendWindow()
        self._status = BrokerStatus(settings.enabled, False, "" if settings.enabled else "publishing is switched off")
        self._twin_reason = ""
        self._lacks: set[str] = set()
        self._thread: threading.Thread | None = None
        self._last_thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; does nothing when publishing is switched off. Calling it twice is harmless."""
        with self._lock:
            if not self._settings.enabled or self._thread is not None:
                return
            stopping = self._stopping = threading.Event()
            self._status = BrokerStatus(True, False, "connecting")
            given = (stopping, self._last_thread)
            thread = threading.Thread(target=self._run, args=given, name="mqtt-publisher", daemon=True)
            self._thread = self._last_thread = thread
            thread.start()

    def stop(self, timeout_s: float = 8.0) -> None:
        """Leave the broker and end the thread; calling it twice is harmless."""
        with self._lock:
            self._stopping.set()
            self._waker.set()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout_s)

    def wake(self) -> None:
        """An exam was finished: look at the outbox now. Returns at once, from any thread."""
        self._waker.set()

    def status(self) -> BrokerStatus:
        """Whether results can leave now, and why not."""
        status, twin = self._status, self._twin_reason
        return replace(status, reason=twin) if twin and status.is_enabled else status

    def __enter__(self) -> "MqttPublisher":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, stopping: threading.Event, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()  # one connection at a time: the broker knows this box by one name
        failures = 0
        while not stopping.is_set():
            began_s = self._clock.monotonic_s()
            try:
                self._connect_and_deliver(stopping)
                reason = ""
            except ApplianceError as error:
                reason = str(error)
            except Exception as error:  # a fault in here must not end the delivery of results for good
                _log.exception("the publisher failed and starts again")
                reason = f"the publisher failed: {error}"
            failures = 0 if self._clock.monotonic_s() - began_s > _STABLE_S else failures + 1
            self._went_offline(stopping, reason)
            stopping.wait(self._delay_s(failures))

    def _connect_and_deliver(self, stopping: threading.Event) -> None:
        with self._lock:
            self._conn_seq += 1
            state = BoxState(self.boot_id, self._conn_seq, self._identity)
        topics = BoxTopics(self._settings.site, self._settings.box)
        will = state.payload(is_online=False, now_utc=self._clock.now_utc(), journal=self._journal_state())
        connection = BrokerConnection(self._settings, topics, will, self._listening(topics), self._waker)
        try:
            connection.open()
            self._note_lacks(connection.lacks)

            def tell_birth() -> int:
                birth = state.payload(is_online=True, now_utc=self._clock.now_utc(), journal=self._journal_state())
                return connection.publish(topics.state, birth, state_properties(), retain=True)

            if not connection.is_session_present and (count := self._outbox.recall()):
                _log.info("the broker has forgotten this box: %d results are sent again", count)
            delivery = Delivery(
                connection,
                self._outbox,
                self._clock,
                self._settings,
                self._window,
                tell_birth,
                self._twins,
                self._journal_state,
                self.agent,
            )
            self._set_status(stopping, True, "")
            if self.agent is not None:
                self.agent.connected()
            self._deliver(connection, delivery, stopping)
            # The will goes out on a crash alone; after an orderly stop the box publishes its own state.
            goodbye = state.payload(is_online=False, now_utc=self._clock.now_utc(), journal=self._journal_state())
            connection.publish(topics.state, goodbye, state_properties(), retain=True)
        finally:
            connection.close()

    def _note_lacks(self, lacks: tuple[str, ...]) -> None:
        """Once, not with every connection."""
        for one in sorted({*lacks} - self._lacks):
            _log.warning("about this broker: %s", one)
        self._lacks.update(lacks)

    def _listening(self, topics: BoxTopics) -> Listening:
        filters = () if self.agent is None else self.agent.filters
        return Listening((topics.receipts, topics.resend, topics.state, *filters))

    def _deliver(self, connection: BrokerConnection, delivery: Delivery, stopping: threading.Event) -> None:
        try:
            while not stopping.is_set():
                if self._waker.clear():
                    delivery.look_now()
                delivery.hand_over_due()
                self._listen(connection, delivery, delivery.wait_s)
            self._collect_last_answer(connection, delivery)
        except BrokeOffError as error:
            delivery.give_up(error)
            raise

    def _collect_last_answer(self, connection: BrokerConnection, delivery: Delivery) -> None:
        # An answer written down before leaving spares a second sending.
        deadline_s = self._clock.monotonic_s() + _LAST_ANSWER_S
        while delivery.is_waiting and self._clock.monotonic_s() < deadline_s:
            self._waker.clear()
            self._listen(connection, delivery, _LAST_ANSWER_S)

    def _listen(self, connection: BrokerConnection, delivery: Delivery, wait_s: float) -> None:
        delivery.handle(connection.poll(wait_s))
        delivery.require_answer()
        self._twin_reason = self._twins.reason

    def _went_offline(self, stopping: threading.Event, reason: str) -> None:
        if reason and reason != self._status.reason:
            _log.warning("%s", reason)
        self._set_status(stopping, False, reason)

    def _set_status(self, stopping: threading.Event, is_connected: bool, reason: str) -> None:
        with self._lock:
            if stopping is self._stopping:
                self._status = BrokerStatus(self._settings.enabled, is_connected, reason)

    def _delay_s(self, failures: int) -> float:
        settings = self._settings
        longest_s = min(settings.reconnect_longest_s, settings.reconnect_first_s * 2.0 ** min(failures, 16))
        return longest_s * self._jitter.uniform(0.5, 1.0)
