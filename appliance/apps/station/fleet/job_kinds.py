"""What the fleet can ask of this box."""

from collections.abc import Callable, Mapping
from typing import Any

from appliance.apps.station.fleet.certificate_rotation import CertificateRotation
from appliance.apps.station.fleet.engine_update import EngineUpdate
from appliance.apps.station.fleet.log_lines import LogLines
from appliance.apps.station.fleet.system_update import SystemUpdate
from appliance.domain.errors import SettingsError
from appliance.exam.calibration_reminder import remind
from appliance.fleet.job_runner import JobKind, StepContext
from appliance.fleet.jobs import Job
from appliance.fleet.shadow_keeper import ShadowKeeper
from appliance.ports import Journal


def job_kinds(
    shadow: ShadowKeeper,
    logs: LogLines,
    rotation: CertificateRotation,
    journal: Journal,
    wipe: Callable[[Job], None],
    restart: Callable[[], None],
    engines: EngineUpdate,
    system: SystemUpdate,
) -> Mapping[str, JobKind]:
    """Every kind by its name.

    Args:
        wipe: prepares the wipe for the next start.
        restart: ends the station and starts it anew; returns at once.
    """

    def set_configuration(context: StepContext) -> None:
        settings = context.job.parameters.get("settings")
        if not isinstance(settings, dict):
            raise SettingsError("the job names no settings")
        refused = shadow.consider_job(settings)
        context.detail["refused"] = dict(refused)
        if refused:
            raise SettingsError("; ".join(f"{key}: {reason}" for key, reason in refused.items()))

    def end_station(context: StepContext) -> None:
        context.ends_station = True
        restart()

    def prepare_wipe(context: StepContext) -> None:
        wipe(context.job)
        end_station(context)

    def wiped(_: Job) -> dict[str, Any]:
        raise SettingsError("the station was started again without having been wiped")

    def ask_for_calibration(context: StepContext) -> None:
        remind(journal, context.job.job_id, str(context.job.parameters.get("note", ""))[:300])

    return {
        "set-configuration": JobKind({"keep": set_configuration}, is_disruptive=False),
        "restart": JobKind({"restart": end_station}, after_restart=lambda _: {}),
        "collect-logs": JobKind({"collect": lambda one: one.detail.update(lines=logs.lines())}, is_disruptive=False),
        "recalibrate": JobKind({"remind": ask_for_calibration}, is_disruptive=False),
        "request-certificate": JobKind({"request": rotation.request}, is_disruptive=False),
        "install-certificate": JobKind({"install": rotation.install}, is_disruptive=False),
        "update-engines": engines.kind,
        "update-system": system.kind,
        "wipe": JobKind({"wipe": prepare_wipe}, after_restart=wiped),
    }
