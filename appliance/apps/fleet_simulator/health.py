"""How a simulated box is: what its trouble makes of an ordinary box's health."""

import random
from collections.abc import Callable

from appliance.apps.fleet_simulator.characters import SimulatedTrouble
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.camera_state import CameraPhase
from appliance.domain.instant import to_rfc3339
from appliance.fleet.telemetry import OutboxDepth, Telemetry
from appliance.ports import Clock, OutboxStatus

_HOT_C, _USUAL_C = 95.0, 57.0
_FULL_MB, _USUAL_MB = 2_300, 180_000
_FPS, _LATENCY_MS = 30.0, 42.0


class SimulatedHealth:
    """Reads the Telemetry of a box that is nowhere; its outbox is real."""

    def __init__(
        self,
        trouble: SimulatedTrouble | None,
        boot_id: str,
        identity: EngineIdentity,
        outbox: Callable[[], OutboxStatus],
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._trouble, self._boot_id, self._identity = trouble, boot_id, identity
        self._outbox, self._clock, self._chance = outbox, clock, chance

    def read(self) -> Telemetry:
        """As of now."""
        outbox, chance = self._outbox(), self._chance
        is_hot, has_picture = self._trouble is SimulatedTrouble.HOT, self._trouble is not SimulatedTrouble.CAMERA_FAILED
        degrees = (_HOT_C if is_hot else _USUAL_C) + chance.gauss(0.0, 0.6)
        free_mb = (_FULL_MB if self._trouble is SimulatedTrouble.DISK_FULL else _USUAL_MB) + chance.randrange(300)
        fps = (_FPS + chance.gauss(0.0, 0.2)) if has_picture else 0.0
        return Telemetry(
            ts=to_rfc3339(self._clock.now_utc()),
            boot_id=self._boot_id,
            software=self._identity.software_version,
            engines=dict(self._identity.engines),
            temperatures_c={"tj-thermal": round(degrees, 1), "cpu-thermal": round(degrees - 1.5, 1)},
            is_throttled=False,
            disk_free_mb=free_mb,
            clock_is_synchronised=True,
            camera=(CameraPhase.LIVE if has_picture else CameraPhase.LOST).value,
            capture_fps=round(fps, 2),
            engine_fps=round(fps, 2),
            latency_ms=round(_LATENCY_MS + chance.gauss(0.0, 2.0), 1) if has_picture else None,
            outbox=OutboxDepth(
                pending=outbox.pending, sent=outbox.sent, acknowledged=outbox.acknowledged, dead=outbox.dead
            ),
        )
