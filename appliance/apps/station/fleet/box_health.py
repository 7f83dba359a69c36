"""The box as it is now, for the people who run the fleet."""

import shutil
from collections.abc import Callable
from pathlib import Path

from appliance.apps.station.engine_loop import EngineHealth
from appliance.apps.system_clock import LARGEST_CLOCK_ERROR_US, kernel_clock_error_us
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.camera_state import CameraState
from appliance.domain.instant import to_rfc3339
from appliance.fleet.telemetry import OutboxDepth, Telemetry
from appliance.ports import Clock, OutboxStatus

_THERMAL = Path("/sys/class/thermal")
_MEGABYTE = 1_000_000


class BoxHealth:
    """Reads a Telemetry; what this computer cannot say is left out.

    Args:
        engine: of the engine's thread.
        thermal: the kernel's folder of thermal zones and cooling devices.
    """

    def __init__(
        self,
        boot_id: str,
        identity: EngineIdentity,
        data_dir: Path,
        camera: Callable[[], CameraState],
        engine: Callable[[], EngineHealth],
        outbox: Callable[[], OutboxStatus],
        clock: Clock,
        thermal: Path = _THERMAL,
    ) -> None:
        self._boot_id, self._identity, self._data_dir = boot_id, identity, data_dir
        self._camera, self._engine, self._outbox, self._clock, self._thermal = camera, engine, outbox, clock, thermal
        self._analysed, self._since_s = 0, clock.monotonic_s()

    def read(self) -> Telemetry:
        """As of now; frame rates since the last call."""
        camera, outbox, engine = self._camera(), self._outbox(), self._engine()
        error_us = kernel_clock_error_us()
        return Telemetry(
            ts=to_rfc3339(self._clock.now_utc()),
            boot_id=self._boot_id,
            software=self._identity.software_version,
            engines=dict(self._identity.engines),
            temperatures_c=temperatures_c(self._thermal),
            is_throttled=is_throttled(self._thermal),
            disk_free_mb=shutil.disk_usage(self._data_dir).free // _MEGABYTE,
            clock_is_synchronised=None if error_us is None else error_us < LARGEST_CLOCK_ERROR_US,
            camera=camera.phase.value,
            capture_fps=round(camera.capture_fps, 2),
            engine_fps=self._engine_fps(engine),
            latency_ms=engine.latency_ms,
            outbox=OutboxDepth(
                pending=outbox.pending, sent=outbox.sent, acknowledged=outbox.acknowledged, dead=outbox.dead
            ),
        )

    def _engine_fps(self, engine: EngineHealth) -> float:
        now_s = self._clock.monotonic_s()
        took_s, analysed = now_s - self._since_s, engine.frames_analysed - self._analysed
        self._analysed, self._since_s = engine.frames_analysed, now_s
        return round(analysed / took_s, 2) if took_s > 0 else 0.0


def temperatures_c(thermal: Path) -> dict[str, float]:
    """Of every zone that can be read, by the zone's own name; the hottest of several with one name."""
    found: dict[str, float] = {}
    for zone in sorted(thermal.glob("thermal_zone*")):
        try:
            name, degrees = (zone / "type").read_text().strip(), int((zone / "temp").read_text()) / 1000
        except (OSError, ValueError):
            continue  # a zone of a part that is switched off gives EAGAIN
        found[name] = max(degrees, found.get(name, degrees))
    return found


def is_throttled(thermal: Path) -> bool | None:
    """Whether a cooling device that slows the computer down is at work; None where there is none."""
    states = []
    for device in sorted(thermal.glob("cooling_device*")):
        try:
            kind, state = (device / "type").read_text().strip(), int((device / "cur_state").read_text())
        except (OSError, ValueError):
            continue
        # A Jetson's are called "cpu-throttle-alert", "gpu-throttle-alert", "hot-surface-alert", ...
        if kind.endswith("-alert"):
            states.append(state > 0)
    return any(states) if states else None
