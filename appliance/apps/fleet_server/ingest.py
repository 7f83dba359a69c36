"""The worker that brings results from the broker to the fleet's disk and answers with receipts."""

import importlib.metadata
import logging
import random
import threading
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta

from appliance.apps.fleet_server.box_message_service import BoxMessageService
from appliance.apps.fleet_server.database import UnkeepableError
from appliance.apps.fleet_server.gap_finder import GapFinder
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.reception import (
    Arrival,
    ReceivedResult,
    RefusedResult,
    UnknownVersion,
    receive,
    refused_of,
)
from appliance.apps.fleet_server.result_store import OTHER_CONTENT, ResultStore
from appliance.apps.fleet_server.settings import FleetSettings
from appliance.apps.fleet_server.tables import Whose
from appliance.apps.fleet_server.worker_share import WorkerShare
from appliance.domain.box_topics import HOST_SITE, ROOT, BoxTopics, place_of
from appliance.domain.errors import ApplianceError, ExportError, StoreError
from appliance.domain.instant import to_rfc3339
from appliance.fleet.receipts import HostState, Receipt, ReceiptOutcome, Resend
from appliance.ports import Clock, Publication
from appliance.transport.answers import FIRST_FAILURE
from appliance.transport.connection import Acknowledged, BrokerConnection, Listening, Received, Subscribed
from appliance.transport.properties import state_properties

_log = logging.getLogger(__name__)
_LAST_ANSWERS_S = 2.0
_MOST_WAITING = 65_535
_RESULTS = "/results/"
_JOBS = "/jobs/"
"""What a barred box says about its jobs is heard: the wipe of a stolen one has to reach it."""
_TIDY_EVERY_S = 10.0
_WATCH_EVERY_S = 2.0
Answer = tuple[str, bytes] | None
"""Topic and payload of a receipt; None where there is nobody to tell."""


class IngestWorker:
    """One worker of one fleet, of as many as there are; `run` returns once `stop` is called.

    A result is confirmed to the broker and receipted to its box only after the commit. The session ends with the
    connection: an offline member of a shared subscription would keep its part of the results for itself, while a box
    whose receipt does not come sends again to those who are there.
    """

    def __init__(
        self,
        settings: FleetSettings,
        store: ResultStore,
        gaps: GapFinder,
        service: BoxMessageService,
        models: ModelWatch,
        clock: Clock,
    ) -> None:
        self._settings, self._store, self._gaps, self._models, self._clock = settings, store, gaps, models, clock
        self._barred_boxes = service.barred
        self.service = service
        self._topics = BoxTopics(HOST_SITE, settings.mqtt.box)
        self._software = importlib.metadata.version("nailfold-appliance")
        self._jitter = random.Random()
        self._too_new: set[str] = set()
        self.barred: Set[Whose] = frozenset()

    def run(self, stopping: threading.Event) -> None:
        """Receive until `stopping` is set; a broker or a database that is away is waited for."""
        failures, reason = 0, ""
        while not stopping.is_set():
            began_s = self._clock.monotonic_s()
            try:
                self._receive(stopping)
            except ApplianceError as error:
                if str(error) != reason:
                    _log.warning("%s", error)
                reason = str(error)
            mqtt = self._settings.mqtt
            failures = 0 if self._clock.monotonic_s() - began_s > mqtt.reconnect_longest_s else failures + 1
            longest_s = min(mqtt.reconnect_longest_s, mqtt.reconnect_first_s * 2.0 ** min(failures - 1, 16))
            stopping.wait(longest_s * self._jitter.uniform(0.5, 1.0))

    def _receive(self, stopping: threading.Event) -> None:
        ingest = self._settings.ingest
        # A worker whose database is away would be dealt results all the same, and hold them.
        self.look_for_barred()
        group = self._store.shared_name(ingest.group)
        listening = Listening(
            (f"$share/{group}/{ROOT}/+/+/results/+", *BoxMessageService.filters(group)),
            keeps_session=False,
            receive_maximum=min(_MOST_WAITING, 2 * ingest.batch),
        )
        connection = BrokerConnection(self._settings.mqtt, self._topics, self._state(is_online=False), listening)
        try:
            connection.open()
            for lack in connection.lacks:
                _log.warning("about this broker: %s", lack)
            connection.publish(self._topics.state, self._state(is_online=True), state_properties(), retain=True)
            try:
                _Shift(self, connection).work(stopping)
            except StoreError:
                self._leave(connection)  # the broker would say for ever that it is there
                raise
            self._leave(connection)
        finally:
            connection.close()

    def _leave(self, connection: BrokerConnection) -> None:
        connection.publish(self._topics.state, self._state(is_online=False), state_properties(), retain=True)

    def keep(self, waiting: Sequence[Received]) -> list[Answer]:
        """Commit; what to say then, in the order in which it came. Raises StoreError, and then nothing is said."""
        if not waiting:
            return []
        verdicts = [self._verdict(one) for one in waiting]
        arrived = [one for one in verdicts if isinstance(one, ReceivedResult)]
        refused = [one for one in verdicts if isinstance(one, RefusedResult)]
        taken = self._store.take(arrived, refused, self._clock.now_utc())
        _log.debug("%d results, %d of them new, %d refused", len(arrived), taken.new, len(refused))
        others = {id(arrived[at]) for at in taken.others}
        verdicts = [
            refused_of(received.topic, OTHER_CONTENT) if id(one) in others else one
            for received, one in zip(waiting, verdicts, strict=True)
        ]
        ts = to_rfc3339(self._clock.now_utc())
        return [self._answer(verdict, ts) for verdict in verdicts]

    def _verdict(self, one: Received) -> ReceivedResult | RefusedResult | UnknownVersion:
        if self.is_barred(one.topic):
            return refused_of(one.topic, "the fleet no longer takes anything of this box; ask who runs it")
        return receive(Arrival(one.topic, one.payload, one.properties))

    def is_barred(self, topic: str) -> bool:
        """Whether that is a topic of a box whose word no longer counts."""
        place = place_of(topic)
        return place is not None and (place.site, place.box) in self.barred

    def look_for_barred(self) -> None:
        """Somebody may have barred a box, or admitted one. Raises StoreError."""
        found = self._barred_boxes.all()
        for site, box in sorted(found - self.barred):
            _log.warning("nothing of %s/%s is taken: it is barred", site, box)
        self.barred = found

    def refuse(self, received: Received, error: ApplianceError) -> Answer:
        """The receipt of a result that can be kept in no form; the box's operator sees its reason."""
        return self._answer(refused_of(received.topic, error.message), to_rfc3339(self._clock.now_utc()))

    def tidy(self) -> None:
        """Drop a piece of the telemetry that nobody needs any more. Raises StoreError."""
        kept = timedelta(days=self._settings.ingest.telemetry_kept_days)
        now_utc = self._clock.now_utc()
        self.service.boxes.forget_telemetry(now_utc - kept, now_utc)

    def watch_models(self) -> None:
        """Judge the networks of a few boxes that had results. Raises StoreError."""
        self._models.step(self._settings.ingest.model_look_s, self._clock.now_utc())

    def missing(self) -> list[Answer]:
        """What to ask of the boxes whose results are not all here. Raises StoreError."""
        ts = to_rfc3339(self._clock.now_utc())
        found = self._gaps.look(self._clock.now_utc())
        for lacking in found:
            _log.info("%s/%s: results %s are missing", lacking.site, lacking.box, list(lacking.seqs))
        return [
            (BoxTopics(lacking.site, lacking.box).resend, Resend(seqs=lacking.seqs, ts=ts).payload())
            for lacking in found
        ]

    def _answer(self, verdict: ReceivedResult | RefusedResult | UnknownVersion, ts: str) -> Answer:
        if isinstance(verdict, UnknownVersion):
            if verdict.schema not in self._too_new:
                _log.error("boxes send %s, which this server does not know; update it", verdict.schema)
            self._too_new.add(verdict.schema)
            return None
        if isinstance(verdict, ReceivedResult):
            receipt = Receipt(msg_id=verdict.msg_id, outcome=ReceiptOutcome.STORED, ts=ts)
            return BoxTopics(verdict.site, verdict.box).receipt(verdict.msg_id), receipt.payload()
        _log.warning("refused what came on %s: %s", verdict.topic, verdict.reason)
        refusal = verdict.receipt(ts)
        if refusal is None or verdict.receipt_topic is None:
            return None
        return verdict.receipt_topic, refusal.payload()

    def _state(self, is_online: bool) -> bytes:
        ts = to_rfc3339(self._clock.now_utc())
        return HostState(is_online=is_online, software=self._software, ts=ts).payload()

    @property
    def settings(self) -> FleetSettings:
        return self._settings

    def monotonic_s(self) -> float:
        """Of its clock."""
        return self._clock.monotonic_s()


@dataclass
class _Chore:
    """What is done every so often between batches; `at_s` is when next, monotonic."""

    every_s: float
    do: Callable[[], None]
    at_s: float

    def do_if_due(self, now_s: float) -> None:
        if now_s >= self.at_s:
            self.do()
            self.at_s = now_s + self.every_s


class _Shift:
    """One connection's work: what came while the last was written, and for at most `batch_wait_s`, shares a commit."""

    def __init__(self, worker: IngestWorker, connection: BrokerConnection) -> None:
        self._worker, self._connection = worker, connection
        self._ingest = worker.settings.ingest
        self._waiting: list[Received] = []
        self._since_s = 0.0
        now_s = worker.monotonic_s()
        self._chores = [
            _Chore(self._ingest.gap_look_s, self._ask_for_missing, now_s + self._ingest.gap_look_s),
            _Chore(self._ingest.told_within_s, lambda: self._tell_all(worker.service.untold()), now_s),
            _Chore(self._ingest.told_within_s, worker.look_for_barred, now_s + self._ingest.told_within_s),
            _Chore(_WATCH_EVERY_S, worker.watch_models, now_s),
            _Chore(_TIDY_EVERY_S, worker.tidy, now_s),
        ]
        self._unanswered = 1  # the birth
        self._is_refused = False
        self._part = WorkerShare(*((1, 1) if connection.has_shared_subscriptions else self._ingest.part_numbers))

    def work(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            # What a box sends with QoS 0 knows no receive maximum: it waits in the network, not in the memory.
            is_behind = len(self._waiting) >= 2 * self._ingest.batch
            is_quiet = not is_behind and not self._listen(0.0 if self._waiting else self._ingest.batch_wait_s)
            now_s = self._worker.monotonic_s()
            is_full = len(self._waiting) >= self._ingest.batch
            if self._waiting and (is_full or is_quiet or now_s - self._since_s >= self._ingest.batch_wait_s):
                batch, self._waiting = self._waiting[: self._ingest.batch], self._waiting[self._ingest.batch :]
                self._settle(batch)
            for chore in self._chores:
                chore.do_if_due(now_s)
        # Receipts that are still to go out spare second sendings.
        until_s = self._worker.monotonic_s() + _LAST_ANSWERS_S
        while self._unanswered > 0 and self._worker.monotonic_s() < until_s:
            self._listen(self._ingest.batch_wait_s)

    def _ask_for_missing(self) -> None:
        for question in self._worker.missing():
            self._tell(question)

    def _settle(self, batch: Sequence[Received]) -> None:
        """What no database holds costs itself alone: else one box would stop those that share a commit with it."""
        try:
            self._settle_together(batch)
        except UnkeepableError as error:
            if len(batch) > 1:
                for one in batch:
                    self._settle([one])
                return
            _log.error("what came on %s is dropped: %s", batch[0].topic, error)
            self._connection.confirm(batch[0])
            if _RESULTS in batch[0].topic:
                self._tell(self._worker.refuse(batch[0], error))

    def _settle_together(self, batch: Sequence[Received]) -> None:
        """Commit, then confirm to the broker and receipt to the boxes, as fast as the broker takes receipts."""
        results = [one for one in batch if _RESULTS in one.topic]
        others = [one for one in batch if _RESULTS not in one.topic]
        for received, answer in zip(results, self._worker.keep(results), strict=True):
            self._connection.confirm(received)
            self._tell(answer)
        heard = [one for one in others if _JOBS in one.topic or not self._worker.is_barred(one.topic)]
        publications = self._worker.service.take([(one.topic, one.payload) for one in heard])
        for received in others:
            self._connection.confirm(received)
        self._tell_all(publications)

    def _tell_all(self, publications: Sequence[Publication]) -> None:
        for one in publications:
            self._tell((one.topic, one.payload), is_retained=one.is_retained)

    def _tell(self, answer: Answer, *, is_retained: bool = False) -> None:
        until_s = self._worker.monotonic_s() + self._worker.settings.mqtt.answer_timeout_s
        while self._unanswered >= self._connection.receive_maximum:
            self._listen(self._ingest.batch_wait_s)
            if self._worker.monotonic_s() > until_s:
                raise ExportError("the broker no longer answers", "The boxes send again what has no receipt.")
        if answer is not None:
            self._connection.publish(*answer, state_properties(), retain=is_retained)
            self._unanswered += 1

    def _note_refusal(self, reason_code: int) -> None:
        """Without its receipts every box would send its results again and again, and nobody would know why."""
        if reason_code >= FIRST_FAILURE and not self._is_refused:
            said = "the broker refuses what this server tells the boxes (reason code 0x%02x): look at its rules"
            _log.error(said, reason_code)
        self._is_refused = self._is_refused or reason_code >= FIRST_FAILURE

    def _listen(self, wait_s: float) -> bool:
        """Whether anything came."""
        events = self._connection.poll(wait_s)
        for event in events:
            if isinstance(event, Received):
                if not self._part.is_mine(event.topic):
                    self._connection.confirm(event)  # another worker has it too, and answers
                    continue
                if not self._waiting:
                    self._since_s = self._worker.monotonic_s()
                self._waiting.append(event)
            elif isinstance(event, Acknowledged):
                self._unanswered -= 1
                self._note_refusal(event.reason_code)
            elif isinstance(event, Subscribed) and not event.is_accepted:
                _log.error("the broker does not let this server receive results")
        return bool(events)
