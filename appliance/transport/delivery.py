"""Outbox to broker over one open connection."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paho.mqtt.properties import Properties

from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import ExportError, StoreError
from appliance.domain.journal import JournalState
from appliance.ports import Clock, FleetAgent, Outbox, OutboxMessage, Publication, QueuedMessage
from appliance.transport.answers import Answer, PublishOutcome, answer_of
from appliance.transport.connection import Acknowledged, BrokeOffError, BrokerConnection, Event, Received, Subscribed
from appliance.transport.ingest_answers import lacking_in, refusal_in
from appliance.transport.properties import expiring_properties, result_properties
from appliance.transport.send_window import SendWindow
from appliance.transport.settings import MqttSettings
from appliance.transport.twin_watch import TwinWatch

_log = logging.getLogger(__name__)

# The outbox is checked this often even when nobody wakes the publisher: retries become due by time.
LOOK_INTERVAL_S = 1.0
# On a remembered session the broker first sends the receipts it kept. Nothing is handed over until so long none came:
# a receipt makes a second sending needless.
SETTLE_S = 0.5
# What the broker refused of the agent's, or the birth, is told anew after this: its rules may have been mended.
TOLD_AGAIN_S = 60.0


@dataclass
class _InFlight:
    """The birth, a result, or something of the agent's, which asks for no answer."""

    msg_id: str | None
    since_s: float
    is_birth: bool = False


class Delivery:
    """The messages of one connection: handed over, answered, receipted. Used from the publisher's thread alone.

    A few messages are in flight at once, and what is known about several is written down in one commit: a box that was
    offline for weeks empties its outbox as fast as the fleet takes it. Where receipts are expected, a message keeps its
    place until its receipt comes or is overdue: else the results of many boxes would pile up in the broker's memory.

    Args:
        window: how many, as the broker and its past behaviour allow.
        tell_birth: publishes that the box is there; its answer is awaited first: the broker may take one message at a
            time.
        twins: hears what comes under this box's own name.
        agent: shares the connection; has a turn every second, however many results wait.
    """

    def __init__(
        self,
        connection: BrokerConnection,
        outbox: Outbox,
        clock: Clock,
        settings: MqttSettings,
        window: SendWindow,
        tell_birth: Callable[[], int],
        twins: TwinWatch,
        journal_state: Callable[[], JournalState],
        agent: FleetAgent | None = None,
    ) -> None:
        self._agent = agent
        self._told: deque[Publication] = deque()
        self._journal_state = journal_state
        self._connection = connection
        self._outbox = outbox
        self._clock = clock
        self._settings = settings
        self._topics = BoxTopics(settings.site, settings.box)
        self._twins = twins
        self._next_look_s = clock.monotonic_s()
        self._settled_at_s = self._next_look_s + (SETTLE_S if connection.is_session_present else 0.0)
        self._is_subscribed = False
        self._window = window
        self._written_at_s = self._next_look_s
        self._agent_turn_s = self._next_look_s
        self._told_again_s: float | None = None
        self._is_refused = False
        self._cut: set[str] = set()
        self._tell_birth = tell_birth
        self._in_flight = {tell_birth(): _InFlight(None, self._next_look_s, is_birth=True)}
        self._unreceipted: dict[str, float] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether the broker owes an answer."""
        return bool(self._in_flight)

    @property
    def wait_s(self) -> float:
        """Until there is something to do by itself; what the broker says comes earlier."""
        now_s = self._clock.monotonic_s()
        wake_at_s = max(self._next_look_s, self._settled_at_s) if self._room > 0 else self._agent_turn_s
        return min(LOOK_INTERVAL_S, max(0.0, wake_at_s - now_s))

    def look_now(self) -> None:
        """Something was queued."""
        self._next_look_s = self._clock.monotonic_s()

    def handle(self, events: Sequence[Event]) -> None:
        """Write down what the broker said, then confirm to it what came."""
        if not events:
            return
        with self._outbox.transaction("write down what the broker said"):
            for event in events:
                self._note(event)
        # Outside of the transaction: jobs write from a thread of their own, and each would wait for the other.
        for event in events:
            if isinstance(event, Received):
                self._hand_to_agent(event)
        # Only now: were it lost on a full disk, the connection would end and everything come again.
        for event in events:
            if isinstance(event, Received):
                self._connection.confirm(event)
            elif isinstance(event, Acknowledged) and self._in_flight.pop(event.mid, None) is not None:
                self._window.answered()
        self.look_now()

    def hand_over_due(self) -> None:
        """Publish what is due, as far as the window has room."""
        now_s = self._clock.monotonic_s()
        self._forget_overdue(now_s)
        if not self._is_subscribed or now_s < self._settled_at_s:
            return
        if now_s >= self._agent_turn_s:
            self._agent_turn_s = now_s + LOOK_INTERVAL_S
            self._tell(now_s)
        if self._room <= 0 or now_s < self._next_look_s:
            return
        # A message whose answer is slow may be due again before it comes.
        on_its_way = {one.msg_id for one in self._in_flight.values()}
        found = self._outbox.due(self._clock.now_utc(), limit=self._size)
        due = [queued for queued in found if queued.message.msg_id not in on_its_way]
        if due:
            self._hand_over(due[: self._room])
            return
        self._next_look_s = now_s + LOOK_INTERVAL_S
        self._tell(now_s)

    def require_answer(self) -> None:
        """Raises ExportError if the broker owes an answer for too long, counted from when all was on the network."""
        now_s, timeout_s = self._clock.monotonic_s(), self._settings.answer_timeout_s
        if self._connection.is_writing:
            self._written_at_s = now_s
        oldest = next(iter(self._in_flight.values()), None)
        if oldest is not None and now_s - max(oldest.since_s, self._written_at_s) > timeout_s:
            raise ExportError(
                f"the broker has not answered for {timeout_s:.0f} s", "What it did not take is sent again."
            )

    def give_up(self, error: BrokeOffError) -> None:
        """The broker broke off: something that was in flight made it do so.

        Alone, it goes to the dead letters, or is tried later; of several each is tried again, one at a time.
        """
        in_doubt = [one.msg_id for one in self._in_flight.values() if one.msg_id is not None]
        is_final = not error.can_be_mended and len(self._in_flight) == 1
        with self._outbox.transaction("write down what the broker refused"):
            for msg_id in in_doubt:
                self._outbox.mark_failed(msg_id, self._clock.now_utc(), error.message, is_final=is_final)
        self._window.broke_off(len(self._in_flight))

    @property
    def _size(self) -> int:
        return self._window.size(self._connection.receive_maximum)

    @property
    def _room(self) -> int:
        """For results."""
        answered = self._unreceipted.keys() - {one.msg_id for one in self._in_flight.values()}
        return self._size - len(self._in_flight) - len(answered)

    def _hand_over(self, due: Sequence[QueuedMessage]) -> None:
        now_utc, head = self._clock.now_utc(), self._journal_state().head
        ready = []
        # First the rows, then the network: a crash in between costs a delay, the other order would cost a double.
        with self._outbox.transaction("hand the results over"):
            for queued in due:
                topic = self._topics.result(queued.message.msg_id)
                properties = result_properties(queued, head)
                self._outbox.mark_sent(queued.message.msg_id, now_utc)
                if self._connection.fits(topic, queued.message.payload, properties):
                    ready.append((queued.message, topic, properties))
                else:
                    reason = _too_large(queued.message)
                    self._outbox.mark_failed(queued.message.msg_id, now_utc, reason, is_final=False)
        for message, topic, properties in ready:
            mid = self._connection.publish(topic, message.payload, properties)
            self._in_flight[mid] = _InFlight(message.msg_id, self._clock.monotonic_s())
            if self._outbox.receipt_timeout_s:
                self._unreceipted[message.msg_id] = self._clock.monotonic_s()

    def _forget_overdue(self, now_s: float) -> None:
        while self._unreceipted:
            msg_id, since_s = next(iter(self._unreceipted.items()))
            if now_s - since_s <= self._outbox.receipt_timeout_s:
                return
            del self._unreceipted[msg_id]

    def _tell(self, now_s: float) -> None:
        """What the agent has to say. It waits for no receipt: a fleet that gives none must hear of the box, too."""
        if self._told_again_s is not None and now_s >= self._told_again_s:
            self._told_again_s = None
            self._in_flight[self._tell_birth()] = _InFlight(None, now_s, is_birth=True)
            if self._agent is not None:
                self._agent.connected()
        if self._agent is not None:
            self._told.extend(self._agent.due())
        while self._told and len(self._in_flight) < self._size:
            one = self._told.popleft()
            properties = expiring_properties(one.expiry_s)
            payload = self._fitting(one, properties)
            if payload is not None:
                mid = self._connection.publish(one.topic, payload, properties, retain=one.is_retained)
                self._in_flight[mid] = _InFlight(None, now_s)

    def _fitting(self, one: Publication, properties: Properties) -> bytes | None:
        """What the broker takes of it: one that is too large would end the connection, and again on every next."""
        for payload in (one.payload, one.shorter):
            if payload is not None and self._connection.fits(one.topic, payload, properties):
                break
        else:
            payload = None
        if payload is not one.payload and one.topic not in self._cut:
            self._cut.add(one.topic)
            _log.warning("what goes to %s has %d bytes, more than the broker accepts", one.topic, len(one.payload))
        return payload

    def _note(self, event: Event) -> None:
        if isinstance(event, Acknowledged):
            self._answered(event)
        elif isinstance(event, Received):
            self._received(event)
        elif isinstance(event, Subscribed):
            self._is_subscribed = True
            if not event.is_accepted:
                _log.warning("the broker does not let this box receive receipts")

    def _answered(self, event: Acknowledged) -> None:
        answered = self._in_flight.get(event.mid)
        if answered is None:
            return
        if answered.msg_id is None:
            self._note_refusal(event, "state" if answered.is_birth else "reports")
        if answered.is_birth:
            self._twins.born(self._clock.now_utc())
        elif answered.msg_id is not None:
            self._write_down(answered.msg_id, answer_of(event.reason_code, self._settings.needs_subscriber))

    def _note_refusal(self, event: Acknowledged, what: str) -> None:
        if answer_of(event.reason_code, needs_subscriber=False).verdict is PublishOutcome.ACCEPTED:
            return
        if not self._is_refused:
            _log.warning("the broker refused this box's %s with reason code 0x%02x", what, event.reason_code)
        self._is_refused = True
        self._told_again_s = self._told_again_s or self._clock.monotonic_s() + TOLD_AGAIN_S

    def _write_down(self, msg_id: str, answer: Answer) -> None:
        if answer.verdict is PublishOutcome.ACCEPTED:
            self._outbox.mark_acknowledged(msg_id, self._clock.now_utc())
            return
        self._unreceipted.pop(msg_id, None)
        _log.warning("result %s was not taken: %s", msg_id, answer.reason)
        is_final = answer.verdict is PublishOutcome.REFUSED
        self._outbox.mark_failed(msg_id, self._clock.now_utc(), answer.reason, is_final=is_final)

    def _received(self, event: Received) -> None:
        now_s = self._clock.monotonic_s()
        if now_s < self._settled_at_s:
            self._settled_at_s = now_s + SETTLE_S
        try:
            self._take(event)
        except (StoreError, ExportError) as error:
            _log.warning("an answer of the fleet was not usable: %s", error)

    def _take(self, event: Received) -> None:
        msg_id = self._topics.msg_id_of_receipt(event.topic)
        if msg_id is not None:
            self._receipted(msg_id, refusal_in(event.payload))
        elif event.topic == self._topics.resend:
            count = self._outbox.send_again(lacking_in(event.payload))
            _log.info("the fleet lacks %d results; they are sent again", count)
            self.look_now()
        elif event.topic == self._topics.state:
            self._twins.heard(event.payload, event.is_retained)

    def _hand_to_agent(self, event: Received) -> None:
        if self._agent is None:
            return
        try:
            self._agent.received(event.topic, event.payload)
        except (StoreError, ExportError) as error:
            _log.warning("what the fleet asks is not usable: %s", error)

    def _receipted(self, msg_id: str, refusal: str | None) -> None:
        self._unreceipted.pop(msg_id, None)
        if refusal is None:
            self._outbox.mark_receipted(msg_id, self._clock.now_utc())
        else:
            self._outbox.mark_refused(msg_id, self._clock.now_utc(), f"the fleet refused it: {refusal}")
            _log.warning("the fleet refused result %s: %s", msg_id, refusal)


def _too_large(message: OutboxMessage) -> str:
    return f"the result of {len(message.payload)} bytes is larger than the broker accepts; raise its limit"
