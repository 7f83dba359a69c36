"""A calibration store without a disk, whose disk can be filled."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from appliance.domain.calibration import Axis
from appliance.domain.errors import StoreError
from appliance.domain.kept_calibration import CalibrationState, KeptCalibration, ScopeSetup
from appliance.storage.calibration_store import evidence_of, not_kept, require_pictures
from appliance.storage.database import disk_full
from appliance.storage.memory_database import MemoryDatabase


class MemoryCalibrationStore:
    """The CalibrationStore of a demonstration or a test; forgets everything with the process.

    `fill_disk()` and `free_disk()` are what happens to a real one.
    """

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        database = database or MemoryDatabase()
        self._kept: dict[str, KeptCalibration] = database.table()
        self._pictures: dict[tuple[str, Axis], bytes] = database.table()
        self._stated: dict[str, str] = database.table()
        self._is_full = False

    def fill_disk(self) -> None:
        """From now on nothing can be kept."""
        self._is_full = True

    def free_disk(self) -> None:
        """Somebody made room."""
        self._is_full = False

    def keep(self, kept: KeptCalibration, pictures: Mapping[Axis, bytes]) -> KeptCalibration:
        require_pictures(kept, pictures)
        identity = kept.calibration.calibration_id
        if self._is_full:
            raise disk_full("keep the calibration", Path("memory"))
        if identity in self._kept:
            raise StoreError(f"could not keep the calibration: {identity} is kept already", "Calibrate again.")
        if kept.state is CalibrationState.ACTIVE:
            self._supersede(kept.setup, kept.changed_at_utc, kept.changed_by)
        self._kept[identity] = kept
        self._pictures.update({(identity, axis): png for axis, png in pictures.items()})
        return kept

    def calibration(self, calibration_id: str) -> KeptCalibration:
        if calibration_id not in self._kept:
            raise not_kept(calibration_id)
        return self._kept[calibration_id]

    def calibrations(self, device_id: str | None = None) -> tuple[KeptCalibration, ...]:
        return tuple(kept for kept in reversed(self._kept.values()) if device_id in (None, kept.device_id))

    def active(self, setup: ScopeSetup) -> KeptCalibration | None:
        fitting = (kept for kept in tuple(self._kept.values()) if kept.setup == setup)
        return next((kept for kept in fitting if kept.state is CalibrationState.ACTIVE), None)

    def set_state(self, calibration_id: str, state: CalibrationState, now_utc: datetime, actor: str) -> KeptCalibration:
        before = self.calibration(calibration_id)
        if state is CalibrationState.ACTIVE:
            self._supersede(before.setup, now_utc, actor)
        self._kept[calibration_id] = replace(before, state=state, changed_at_utc=now_utc, changed_by=actor)
        return before

    def picture(self, calibration_id: str, axis: Axis) -> bytes:
        evidence_of(self.calibration(calibration_id), axis)
        return self._pictures[calibration_id, axis]

    def stated_magnification(self, device_id: str) -> str | None:
        return self._stated.get(device_id)

    def state_magnification(self, device_id: str, magnification: str, now_utc: datetime, actor: str) -> None:
        self._stated[device_id] = magnification

    def _supersede(self, setup: ScopeSetup, now_utc: datetime, actor: str) -> None:
        before = self.active(setup)
        if before is not None:
            self._kept[before.calibration.calibration_id] = replace(
                before, state=CalibrationState.SUPERSEDED, changed_at_utc=now_utc, changed_by=actor
            )
