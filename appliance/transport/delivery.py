"""Outbox to broker over one open connection."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import ExportError, StoreError
from appliance.domain.journal import JournalState
from appliance.ports import Clock, Outbox, QueuedMessage
from appliance.transport.answers import Answer, PublishOutcome, answer_of
from appliance.transport.connection import Acknowledged, BrokeOffError, BrokerConnection, Event, Received, Subscribed
from appliance.transport.ingest_answers import lacking_in, refusal_in
from appliance.transport.properties import result_properties
from appliance.transport.settings import MqttSettings
from appliance.transport.twin_watch import TwinWatch

_log = logging.getLogger(__name__)

# The outbox is checked this often even when nobody wakes the publisher: retries become due by time.
LOOK_INTERVAL_S = 1.0
# On a remembered session the broker first sends the receipts it kept. Nothing is handed over until so long none came:
# a receipt makes a second sending needless.
SETTLE_S = 0.5


@dataclass
class _InFlight:
    mid: int
    msg_id: str | None
    since_s: float


class Delivery:
    """The messages of one connection: handed over, answered, receipted. Used from the publisher's thread alone.

    One message is in flight at a time: a box finishes a few exams an hour, so more would gain nothing; and a crash, or
    a broker that breaks off because of a message, leaves one in doubt.

    Args:
        birth_mid: of the birth message, whose answer is awaited first: the broker may take one message at a time.
        twins: hears what comes under this box's own name.
    """

    def __init__(
        self,
        connection: BrokerConnection,
        outbox: Outbox,
        clock: Clock,
        settings: MqttSettings,
        birth_mid: int,
        twins: TwinWatch,
        journal_state: Callable[[], JournalState],
    ) -> None:
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
        self._in_flight: _InFlight | None = _InFlight(birth_mid, None, self._next_look_s)

    @property
    def is_waiting(self) -> bool:
        """Whether the broker owes an answer."""
        return self._in_flight is not None

    def look_now(self) -> None:
        """Something was queued."""
        self._next_look_s = self._clock.monotonic_s()

    def handle(self, event: Event) -> None:
        """Write down what the broker said."""
        if isinstance(event, Acknowledged):
            self._answered(event)
        elif isinstance(event, Received):
            self._received(event)
        elif isinstance(event, Subscribed):
            self._is_subscribed = True
            if not event.is_accepted:
                _log.warning("the broker does not let this box receive receipts")

    def hand_over_next(self) -> None:
        """Publish the next message that is due, if nothing is in flight."""
        now_s = self._clock.monotonic_s()
        is_ready = self._is_subscribed and now_s >= self._settled_at_s and not self.is_waiting
        if not is_ready or now_s < self._next_look_s:
            return
        due = self._outbox.due(self._clock.now_utc(), limit=1)
        if due:
            self._hand_over(due[0])
        else:
            self._next_look_s = now_s + LOOK_INTERVAL_S

    def require_answer(self) -> None:
        """Raises ExportError if the broker owes an answer for too long, counted from when all was on the network."""
        if self._in_flight is None:
            return
        now_s, timeout_s = self._clock.monotonic_s(), self._settings.answer_timeout_s
        if self._connection.is_writing:
            self._in_flight.since_s = now_s
        if now_s - self._in_flight.since_s > timeout_s:
            raise ExportError(
                f"the broker has not answered for {timeout_s:.0f} s", "What it did not take is sent again."
            )

    def give_up(self, error: BrokeOffError) -> None:
        """The broker broke off: what was in flight made it do so. It goes to the dead letters, or is tried later."""
        if self._in_flight is not None and self._in_flight.msg_id is not None:
            is_final = not error.can_be_mended
            self._outbox.mark_failed(self._in_flight.msg_id, self._clock.now_utc(), error.message, is_final=is_final)

    def _hand_over(self, queued: QueuedMessage) -> None:
        message, now_utc = queued.message, self._clock.now_utc()
        topic, properties = self._topics.result(message.msg_id), result_properties(queued, self._journal_state().head)
        if not self._connection.fits(topic, message.payload, properties):
            reason = f"the result of {len(message.payload)} bytes is larger than the broker accepts; raise its limit"
            self._outbox.mark_sent(message.msg_id, now_utc)  # counted, so that it is asked for less and less often
            self._outbox.mark_failed(message.msg_id, now_utc, reason, is_final=False)
            return
        # First the row, then the network: a crash in between costs a delay, the other order would cost a double.
        self._outbox.mark_sent(message.msg_id, now_utc)
        mid = self._connection.publish(topic, message.payload, properties)
        self._in_flight = _InFlight(mid, message.msg_id, self._clock.monotonic_s())

    def _answered(self, event: Acknowledged) -> None:
        if self._in_flight is None or event.mid != self._in_flight.mid:
            return
        msg_id = self._in_flight.msg_id
        if msg_id is None:
            _note_state_refusal(event)
            self._twins.born(self._clock.now_utc())
        else:
            self._write_down(msg_id, answer_of(event.reason_code, self._settings.needs_subscriber))
        # Only now: were the answer lost on a full disk, the connection would end and the message come again.
        self._in_flight = None
        self.look_now()

    def _write_down(self, msg_id: str, answer: Answer) -> None:
        if answer.verdict is PublishOutcome.ACCEPTED:
            self._outbox.mark_acknowledged(msg_id, self._clock.now_utc())
            return
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
        self._connection.confirm(event)

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

    def _receipted(self, msg_id: str, refusal: str | None) -> None:
        if refusal is None:
            self._outbox.mark_receipted(msg_id, self._clock.now_utc())
        else:
            self._outbox.mark_refused(msg_id, self._clock.now_utc(), f"the fleet refused it: {refusal}")
            _log.warning("the fleet refused result %s: %s", msg_id, refusal)


def _note_state_refusal(event: Acknowledged) -> None:
    if answer_of(event.reason_code, needs_subscriber=False).verdict is not PublishOutcome.ACCEPTED:
        _log.warning("the broker refused this box's state with reason code 0x%02x", event.reason_code)
