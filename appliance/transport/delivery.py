"""Outbox to broker over one open connection."""

import logging
from dataclasses import dataclass

from appliance.domain.errors import ExportError, StoreError
from appliance.ports import Clock, Outbox, QueuedMessage
from appliance.transport.answers import Verdict, judge
from appliance.transport.connection import Acknowledged, BrokeOffError, BrokerConnection, Event, Received, Subscribed
from appliance.transport.properties import result_properties
from appliance.transport.settings import MqttSettings
from appliance.transport.topics import BoxTopics

_log = logging.getLogger(__name__)

# The outbox is looked at this often even when nobody wakes the publisher: retries become due by time.
LOOK_INTERVAL_S = 1.0
# On a remembered session the broker first sends the receipts it kept; so long nothing is handed over, because a receipt
# makes a second sending needless.
SETTLE_S = 0.5


@dataclass
class _InFlight:
    msg_id: str
    since_s: float


class Delivery:
    """The messages of one connection: handed over, answered, receipted. Used from the publisher's thread alone.

    Args:
        max_in_flight: at most this many without an answer; 1 after a connection that the broker broke off.
    """

    def __init__(
        self,
        connection: BrokerConnection,
        outbox: Outbox,
        clock: Clock,
        settings: MqttSettings,
        *,
        max_in_flight: int,
    ) -> None:
        self._connection = connection
        self._outbox = outbox
        self._clock = clock
        self._settings = settings
        self._topics = BoxTopics(settings.site, settings.box)
        # One place is left for the birth message.
        self._slots = max(1, min(max_in_flight, connection.receive_maximum - 1))
        self._in_flight: dict[int, _InFlight] = {}
        self._next_look_s = clock.monotonic_s()
        self._settled_at_s = self._next_look_s + (SETTLE_S if connection.is_session_present else 0.0)
        self._is_subscribed = False

    @property
    def suspect(self) -> str | None:
        """The only message in flight; None if there are none or several."""
        return next(iter(self._in_flight.values())).msg_id if len(self._in_flight) == 1 else None

    def look_now(self) -> None:
        """Something was queued."""
        self._next_look_s = min(self._next_look_s, self._clock.monotonic_s())

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

    def hand_over_due(self) -> None:
        """Publish what is due, as far as there is room."""
        now_s = self._clock.monotonic_s()
        room = self._slots - len(self._in_flight)
        is_settled = self._is_subscribed and now_s >= self._settled_at_s
        if not is_settled or now_s < self._next_look_s or room <= 0:
            return
        flying = {entry.msg_id for entry in self._in_flight.values()}
        due = self._outbox.due(self._clock.now_utc(), limit=room + len(flying))
        waiting = [queued for queued in due if queued.message.msg_id not in flying]
        for queued in waiting[:room]:
            self._hand_over(queued)
        # A full batch means that there may be more.
        if len(waiting) < room:
            self._next_look_s = now_s + LOOK_INTERVAL_S

    @property
    def is_waiting(self) -> bool:
        """Whether the broker owes an answer."""
        return bool(self._in_flight)

    def require_answers(self) -> None:
        """Raises ExportError if the broker owes an answer for too long, counted from when all was on the network."""
        now_s, timeout_s = self._clock.monotonic_s(), self._settings.answer_timeout_s
        if self._connection.is_writing:
            for entry in self._in_flight.values():
                entry.since_s = now_s
        if any(now_s - entry.since_s > timeout_s for entry in self._in_flight.values()):
            raise ExportError(f"the broker has not answered for {timeout_s:.0f} s", "The result is sent again later.")

    def give_up_on(self, msg_id: str, error: BrokeOffError) -> None:
        """Move the message that makes the broker break off to the dead letters."""
        self._outbox.mark_failed(msg_id, self._clock.now_utc(), error.message, is_final=True)

    def _hand_over(self, queued: QueuedMessage) -> None:
        message, now_utc = queued.message, self._clock.now_utc()
        topic, properties = self._topics.result(message.msg_id), result_properties(queued)
        if not self._connection.fits(topic, message.payload, properties):
            reason = f"the result of {len(message.payload)} bytes is larger than the broker accepts; raise its limit"
            self._outbox.mark_failed(message.msg_id, now_utc, reason, is_final=True)
            return
        # First the row, then the network: a crash in between costs a delay, the other order would cost a double.
        self._outbox.mark_sent(message.msg_id, now_utc)
        mid = self._connection.publish(topic, message.payload, properties)
        self._in_flight[mid] = _InFlight(message.msg_id, self._clock.monotonic_s())

    def _answered(self, event: Acknowledged) -> None:
        entry = self._in_flight.pop(event.mid, None)
        if entry is None:
            _note_state_refusal(event)
            return
        answer = judge(event.reason_code, self._settings.needs_subscriber)
        now_utc = self._clock.now_utc()
        if answer.verdict is Verdict.ACCEPTED:
            self._outbox.mark_acknowledged(entry.msg_id, now_utc)
        else:
            is_final = answer.verdict is Verdict.REFUSED
            _log.warning("result %s was not taken: %s", entry.msg_id, answer.reason)
            self._outbox.mark_failed(entry.msg_id, now_utc, answer.reason, is_final=is_final)
        self.look_now()

    def _received(self, event: Received) -> None:
        msg_id = self._topics.msg_id_of_receipt(event.topic)
        if msg_id is not None:
            try:
                self._outbox.mark_receipted(msg_id, self._clock.now_utc())
            except StoreError as error:
                _log.warning("a receipt was not usable: %s", error)
        self._connection.confirm(event)


def _note_state_refusal(event: Acknowledged) -> None:
    if judge(event.reason_code, needs_subscriber=False).verdict is not Verdict.ACCEPTED:
        _log.warning("the broker refused this box's state with reason code 0x%02x", event.reason_code)
