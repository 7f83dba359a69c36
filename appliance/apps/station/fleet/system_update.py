"""A new system for a box: fetched, checked, installed into the other slot, measured after its start, or taken back."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.apps.config.settings import LoadedSettings
from appliance.apps.engines.clinical_gate import EngineFindings, GateReport, judge, look_at, sealed_pictures
from appliance.apps.engines.kept_reference import keep_reference, kept_looks, kept_pictures
from appliance.apps.station.fleet.engine_update import bundle_of
from appliance.apps.station.fleet.system_slots import SystemSlots
from appliance.apps.station.fleet.update_client import UpdateClient
from appliance.domain.errors import ApplianceError, UpdateError
from appliance.fleet.job_runner import JobKind, StepContext
from appliance.fleet.jobs import Job
from appliance.inference.engine_set import load_engine_set

FOLDER_NAME = "system-update"
SYSTEM_FILE = "system.raucb"
_LOOK_S = 1.0


@dataclass(frozen=True)
class SystemUpdate:
    """The kind of job "update-system".

    Attributes:
        client: of a release's address; raises UpdateError where this box takes no updates.
        look: what the networks in force find in the pictures of a folder; None: of this software's own.
        confirmed_within_s: the image confirms a system whose station has worked for a minute.
    """

    loaded: LoadedSettings
    slots: SystemSlots
    client: Callable[[str | None], UpdateClient]
    look: Callable[[Path | None], tuple[EngineFindings, ...]]
    confirmed_within_s: float = 900.0

    @property
    def kind(self) -> JobKind:
        """What the box can do, and what it writes down about it once it is back."""
        steps = {"fetch": self._fetch, "check": self._check, "measure": self._measure, "install": self._install}
        return JobKind(steps, after_restart=self._after_restart)

    @property
    def _folder(self) -> Path:
        return self.loaded.settings.station.data_dir / FOLDER_NAME

    @property
    def _bundle(self) -> Path:
        return self._folder / "bundle" / SYSTEM_FILE

    @property
    def _reference(self) -> Path:
        return self._folder / "reference"

    def _fetch(self, context: StepContext) -> None:
        context.detail["slot_before"] = self.slots.running
        name, release = bundle_of(context.job), context.job.parameters.get("release")
        client = self.client(None if release is None else str(release))
        client.fetch(f"system/{name}", (SYSTEM_FILE,), self._bundle.parent, context.is_over)

    def _check(self, context: StepContext) -> None:
        try:
            context.detail["version"] = self.slots.require_acceptable(self._bundle)
        except UpdateError:
            shutil.rmtree(self._bundle.parent, ignore_errors=True)
            raise

    def _measure(self, context: StepContext) -> None:
        keep_reference(self._reference, self.look(None))

    def _install(self, context: StepContext) -> None:
        # From the folder of the wish, where the image's programme looks for it.
        ready = self._folder / SYSTEM_FILE
        self._bundle.replace(ready)
        context.ends_station = True
        self.slots.ask(context.job.job_id, ready)

    def _after_restart(self, job: Job) -> dict[str, Any]:
        try:
            return self._proven(job)
        finally:
            self.slots.withdraw()
            (self._folder / SYSTEM_FILE).unlink(missing_ok=True)

    def _proven(self, job: Job) -> dict[str, Any]:
        name, outcome = bundle_of(job), self.slots.outcome(job.job_id)
        if outcome is None:
            raise UpdateError(f"the station ended before {name} was installed; the old system runs on")
        if outcome.get("reason"):
            raise UpdateError(f"{name} was not installed: {outcome['reason']}; the old system runs on")
        slot, running = outcome.get("slot", ""), self.slots.running
        if running != slot:
            why = self.slots.why_taken_back(slot) or "it did not start"
            raise UpdateError(f"{name} was installed into slot {slot} and taken back: {why}; slot {running} runs")
        report = self._gate(job)
        if not report.is_within:
            reason = f"it does not measure as the system before: {'; '.join(report.reasons)}"
            self.slots.judge(job.job_id, reason)
            raise UpdateError(f"{name} started in slot {slot} and is taken back: {reason}")
        self.slots.judge(job.job_id, "")
        self._await_confirmation(name, slot, job.job_id)
        return {"installed": name, "booted": name, "confirmed": name, "slot": slot, "gate": report.figures}

    def _gate(self, job: Job) -> GateReport:
        """Whatever goes wrong in here is a reason to go back: it has to be told, and judged."""
        try:
            return judge(kept_looks(self._reference), self.look(kept_pictures(self._reference)))
        except ApplianceError as error:
            self.slots.judge(job.job_id, f"it cannot measure: {error}")
            raise UpdateError(f"{bundle_of(job)} is taken back: it cannot measure: {error}") from error

    def _await_confirmation(self, name: str, slot: str, job_id: str) -> None:
        until_s = time.monotonic() + self.confirmed_within_s
        while not self.slots.is_confirmed(job_id):
            if time.monotonic() > until_s:
                raise UpdateError(f"{name} runs in slot {slot}, but the box has not confirmed it; it may go back")
            time.sleep(_LOOK_S)


def looks_of(loaded: LoadedSettings) -> Callable[[Path | None], tuple[EngineFindings, ...]]:
    """Of the networks that these settings name, loaded for each look alone."""

    def look(folder: Path | None) -> tuple[EngineFindings, ...]:
        return look_at(load_engine_set(loaded.settings.inference, "gate"), sealed_pictures(folder))

    return look
