"""New networks for a box: fetched, measured against the validated ones, tried, confirmed or taken back."""

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from appliance.apps.config.engine_bundle import BUNDLE_FILES, BUNDLE_ORIGIN, REDUCED_FILES, EngineBundles
from appliance.apps.config.settings import LoadedSettings
from appliance.apps.engines.clinical_gate import GateReport, compare, sealed_pictures
from appliance.apps.engines.compiling import compile_missing
from appliance.apps.station.fleet.unused_engines import drop_unused
from appliance.apps.station.fleet.update_client import UpdateClient
from appliance.domain.errors import StoreError, UpdateError
from appliance.fleet.job_runner import JobKind, StepContext
from appliance.fleet.jobs import Job
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings

_log = logging.getLogger(__name__)
SOFTWARE = "software"
"""The bundle's name for the networks that came with the box's software."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PACKAGE = "package"


class EngineUpdate:
    """The kind of job "update-engines".

    Args:
        client: of a release's address; raises UpdateError where this box takes no updates.
        restart: ends the station and starts it anew; returns at once.
        gate: compares two folders of networks; by default with the runtime of the settings, on the sealed pictures.
        compile_plans: makes networks ready for this computer's GPU; whether it had to.
    """

    def __init__(
        self,
        loaded: LoadedSettings,
        client: Callable[[str | None], UpdateClient],
        restart: Callable[[], None],
        gate: Callable[[Path, Path], GateReport] | None = None,
        compile_plans: Callable[[InferenceSettings, threading.Event], bool] = compile_missing,
    ) -> None:
        self._loaded, self._client, self._restart = loaded, client, restart
        self._bundles = EngineBundles(loaded.settings.station.data_dir)
        self._gate = gate or self._measure
        self._compile_missing = compile_plans

    @property
    def kind(self) -> JobKind:
        """What the box can do, and what it writes down about it after the restart."""
        steps = {"fetch": self._fetch, "compile": self._compile, "measure": self._try_out, "switch": self._switch}
        return JobKind(steps, after_restart=self._confirm)

    def _fetch(self, context: StepContext) -> None:
        origin = self._loaded.origins.get("inference.weights_dir", _PACKAGE)
        if origin not in (_PACKAGE, BUNDLE_ORIGIN):
            raise UpdateError(f"{origin} sets inference.weights_dir: this box takes no other networks")
        name, release = bundle_of(context.job), context.job.parameters.get("release")
        if name == SOFTWARE:
            return
        client = self._client(None if release is None else str(release))
        client.fetch(f"engines/{name}", BUNDLE_FILES, self._bundles.folder(name), context.is_over, REDUCED_FILES)
        context.detail["installed"] = name

    def _compile(self, context: StepContext) -> None:
        """Both, as the software's own were compiled for what ran before, which may be another bundle."""
        name = bundle_of(context.job)
        folders = [validated_weights(), *([] if name == SOFTWARE else [self._bundles.folder(name)])]
        context.detail["compiled"] = [
            folder.name for folder in folders if self._compile_missing(self._inference(folder), context.is_over)
        ]

    def _try_out(self, context: StepContext) -> None:
        name = bundle_of(context.job)
        if name == SOFTWARE:
            return
        report = self._gate(validated_weights(), self._bundles.folder(name))
        context.detail["gate"] = report.figures
        if not report.is_within:
            self._tidy()
            raise UpdateError(f"{name} does not measure as the validated networks do: {'; '.join(report.reasons)}")

    def _switch(self, context: StepContext) -> None:
        name = bundle_of(context.job)
        self._bundles.choose("" if name == SOFTWARE else name)
        context.ends_station = True
        self._restart()

    def _confirm(self, job: Job) -> dict[str, Any]:
        try:
            return self._judge(job)
        finally:
            self._tidy()

    def _tidy(self) -> None:
        """When no bundle waits for its switch."""
        try:
            gone = drop_unused(self._bundles, validated_weights(), self._loaded.settings.inference.engine_cache_dir)
        except (OSError, StoreError) as error:
            _log.warning("what earlier networks left on the disk stays there: %s", error)
            return
        if gone:
            _log.info("no longer needed, deleted: %s", ", ".join(gone))

    def _judge(self, job: Job) -> dict[str, Any]:
        name, active = bundle_of(job), self._bundles.active()
        if name == SOFTWARE and not active.name:
            self._bundles.confirm()
            return {"installed": name, "booted": name, "confirmed": name}
        if active.name != name:
            raise UpdateError(f"{name} was taken back: {active.reason or 'the station ended before the switch'}")
        report = self._gate(validated_weights(), self._bundles.folder(name))
        if not report.is_within:
            reason = f"after the start it does not measure as the validated networks do: {'; '.join(report.reasons)}"
            self._bundles.go_back(reason)
            self._restart()
            raise UpdateError(f"{name} was taken back: {reason}")
        self._bundles.confirm()
        return {"installed": name, "booted": name, "confirmed": name, "gate": report.figures}

    def _measure(self, validated: Path, new: Path) -> GateReport:
        before, after = (load_engine_set(self._inference(folder), "gate") for folder in (validated, new))
        return compare(before, after, sealed_pictures())

    def _inference(self, weights: Path) -> InferenceSettings:
        return replace(self._loaded.settings.inference, weights_dir=weights)


def validated_weights() -> Path:
    """Those of this software: what every bundle is measured against, so that small shifts cannot add up."""
    return Path(str(resources.files("engines").joinpath("weights")))


def bundle_of(job: Job) -> str:
    """The name in the job's parameters. Raises UpdateError where it is none."""
    name = str(job.parameters.get("bundle", ""))
    if not _NAME.fullmatch(name):
        raise UpdateError(f"the job names the bundle {name!r}", "Use letters, digits, dots, dashes and underscores.")
    return name
