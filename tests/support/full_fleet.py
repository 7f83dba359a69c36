"""A fleet of 200 boxes in use, of which three need a person, behind a running console."""

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.audit_store import AuditStore
from appliance.apps.fleet_server.box_store import BoxStore
from appliance.apps.fleet_server.console import Console, ConsoleServer
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.job_maker import JobMaker
from appliance.apps.fleet_server.job_store import JobStore
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.rollouts import RolloutStore
from appliance.apps.fleet_server.site_store import SiteStore
from appliance.apps.fleet_server.tables import Whose
from appliance.apps.fleet_simulator.characters import CLINICS
from appliance.apps.system_clock import SystemClock
from appliance.domain.instant import to_rfc3339
from appliance.domain.journal import JournalEntry, JournalHead, next_entry
from appliance.fleet.audit import audit_of
from appliance.fleet.jobs import JobState, JobUpdate
from tests.support.fleet_models import exams
from tests.support.fleet_results import result
from webui.console.roles import ConsoleRole
from webui.settings import WebSettings

OPERATOR, PASSWORD = "eva", "a quiet lamp beside seven stones"
SITES = tuple(f"clinic-{number:02d}" for number in range(1, 41))
_CAUGHT = "measure: engines-2 does not measure as the validated networks do: widths are shifted by +8.0% (at most 4%)"
_MESSAGES = Path(__file__).parents[1] / "data" / "fleet_messages"


def recorded(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_MESSAGES / f"{name}.json").read_text("utf-8"))
    return document


class FullFleet:
    """Usable with `with`, which serves the console; `url` is where."""

    def __init__(self, folder: Path, boxes_a_site: int = 5) -> None:
        self._database = FleetDatabase(f"sqlite:///{folder}/fleet.sqlite3")
        self._now = SystemClock().now_utc()
        self._boxes = BoxStore(self._database)
        self._add_all([(site, f"box-{number}") for site in SITES for number in range(1, boxes_a_site + 1)])
        self._trouble()
        self._work(folder)
        self._places()
        self._drift()
        self._console = Console(folder / "console", self._database)
        self._console.accounts.set_up(OPERATOR, "Eva Lang", PASSWORD)
        self.viewer_code = self._console.accounts.add(OPERATOR, "vera", "Vera Amsel", ConsoleRole.VIEWER.kept_as)[1]
        # As serve_console serves it, but in a thread.
        self._server = ConsoleServer(self._console, WebSettings(port=0))
        self.url = self._server.url

    def __enter__(self) -> "FullFleet":
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._thread.join()
        self._server.__exit__()
        self._console.__exit__()
        self._database.close()

    def stop_database(self) -> None:
        """Its tables are gone, as far as the console can tell."""
        with self._database.transaction("break it") as connection:
            connection.exec_driver_sql("ALTER TABLE box_states RENAME TO away")

    def replace_journal(self, whose: Whose) -> None:
        """Somebody has put an older disk into that box: its journal goes on differently than the fleet had heard."""
        store = AuditStore(self._database)
        for actions in (
            ("account.logged_in", "exam.started", "exam.finished"),
            ("account.logged_in", "exam.discarded"),
        ):
            store.take(whose, [audit_of(one) for one in self._entries(actions)], self._now)

    def _entries(self, actions: tuple[str, ...]) -> list[JournalEntry]:
        entries: list[JournalEntry] = []
        for action in actions:
            head = JournalHead(entries[-1].seq, entries[-1].hash) if entries else None
            entries.append(next_entry(head, self._now, "ana", "exam:01a22c9d", action, {}))
        return entries

    def _add_all(self, names: list[Whose], is_online: bool = True, hours_ago: float = 0.2) -> None:
        then = self._now - timedelta(hours=hours_ago)
        births = [
            (whose, {**recorded("nailfold.state-1"), "is_online": True, "boot_id": "-".join(whose)}) for whose in names
        ]
        self._boxes.take_states(births, then)
        if not is_online:
            self._boxes.take_states([(whose, {**state, "is_online": False}) for whose, state in births], then)
        heard = self._now - timedelta(seconds=20) if is_online else then
        telemetry = {**recorded("nailfold.telemetry-1"), "ts": to_rfc3339(heard)}
        self._boxes.take_reports([(whose, "telemetry", telemetry) for whose in names], heard)

    def _trouble(self) -> None:
        since = to_rfc3339(self._now - timedelta(hours=3))
        raised = {**recorded("nailfold.alerts-1"), "alerts": [
            {"code": "disk_low", "since": since, "value": 4321.0, "limit": 5000.0}
        ]}  # fmt: skip
        self._boxes.take_report(("clinic-07", "box-2"), "alerts", raised, self._now)
        heard = self._now - timedelta(seconds=20)
        full = {**recorded("nailfold.telemetry-1"), "ts": to_rfc3339(heard), "disk_free_mb": 4321}
        self._boxes.take_reports([(("clinic-07", "box-2"), "telemetry", full)], heard)
        self._add_all([("clinic-23", "box-4")], is_online=False, hours_ago=60)
        for conn_seq, boot_id in enumerate(("a", "b", "a")):
            state = {**recorded("nailfold.state-1"), "is_online": True, "boot_id": boot_id, "conn_seq": conn_seq}
            self._boxes.take_states([(("clinic-31", "box-1"), state)], self._now)
        # Away since this morning: nobody has to do anything.
        self._add_all([("clinic-12", "box-3")], is_online=False, hours_ago=5)

    def _places(self) -> None:
        """Every site is in a town, several in some; one has only a name, another nothing."""
        store = SiteStore(self._database)
        for number, site in enumerate(SITES[:-1]):
            town = CLINICS[number % len(CLINICS)]
            place = (town.latitude + number // len(CLINICS), town.longitude) if number else None
            store.keep(site, f"{town.title} {number + 1}", place, OPERATOR, self._now)

    def _drift(self) -> None:
        drifting = [
            *exams(0, 100, site="clinic-07", box="box-2"),
            *exams(100, 50, site="clinic-07", box="box-2", wider=0.25),
        ]
        ResultStore(self._database).keep(drifting, (), self._now)
        ModelWatch(self._database).step(600.0, self._now, most=10)

    def _work(self, folder: Path) -> None:
        whose = ("clinic-07", "box-2")
        make_signing_key(folder / "jobs.key", folder / "jobs.pub")
        jobs, maker = JobStore(self._database), JobMaker(folder / "jobs.key")
        for kind, state, reason in (
            ("collect-logs", JobState.SUCCEEDED, ""),
            ("update-engines", JobState.FAILED, _CAUGHT),
            ("restart", JobState.DEFERRED, "an exam is open"),
        ):  # fmt: skip
            signed = maker.make(whose, kind, {"bundle": "engines-2"} if kind == "update-engines" else {}, self._now)
            jobs.add(signed, OPERATOR, self._now - timedelta(minutes=30))
            update = JobUpdate(
                job_id=signed.job.job_id, version=2, state=state, reason=reason, boot_id="b", ts=to_rfc3339(self._now)
            )
            jobs.take_update(whose, update, self._now - timedelta(minutes=4))
        rollouts = RolloutStore(self._database)
        boxes = [(site, f"box-{number}") for site in SITES for number in range(1, 6)]
        self.rollout_id = rollouts.start("engines-2", boxes, (0.1,), 0.05, OPERATOR, self._now)
        rollouts.next_group(self.rollout_id, maker, OPERATOR, self._now)
        first, *others = [row for row in jobs.all() if row.made_at == to_rfc3339(self._now, "microseconds")]
        for row, state in ((first, JobState.FAILED), *((one, JobState.SUCCEEDED) for one in others[:12])):
            reason = _CAUGHT if state is JobState.FAILED else ""
            ended = JobUpdate(
                job_id=row.signed.job.job_id,
                version=2,
                state=state,
                reason=reason,
                boot_id="b",
                ts=to_rfc3339(self._now),
            )
            jobs.take_update((row.signed.site, row.signed.box), ended, self._now)
        self._boxes.want(whose, {"exam.best_of_s": 0.8}, OPERATOR, self._now)
        entries = self._entries(("account.logged_in", "exam.started", "exam.finished", "review.validated"))
        AuditStore(self._database).take(whose, [audit_of(one) for one in entries], self._now)
        ResultStore(self._database).keep([result(9, site="clinic-12", box="box-1")], (), self._now)
