"""Calibrations in SQLite and their evidence in files."""

import hashlib
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from appliance.domain.calibration import Axis
from appliance.domain.errors import NotKeptError, StoreError
from appliance.domain.kept_calibration import CalibrationState, Evidence, KeptCalibration, ScopeSetup
from appliance.storage.calibration_rows import (
    INSERT_CALIBRATION,
    INSERT_EVIDENCE,
    calibration_from,
    calibration_values,
    evidence_values,
)
from appliance.storage.database import Database, Row, utc_text
from appliance.storage.image_files import ImageFiles

_SETUP = "device_id = ? AND magnification = ? AND width_px = ? AND height_px = ?"


class SqliteCalibrationStore:
    """The CalibrationStore of the device; see the port for what each method promises.

    The pictures are on the disk before the rows are: a crash leaves at most a picture without a row.
    """

    def __init__(self, database: Database, files: ImageFiles) -> None:
        self._database = database
        self._files = files

    def keep(self, kept: KeptCalibration, pictures: Mapping[Axis, bytes]) -> KeptCalibration:
        require_pictures(kept, pictures)
        identity = kept.calibration.calibration_id
        with self._database.transaction("keep the calibration") as connection:
            self._database.on_rollback(lambda: self._drop_pictures(identity, pictures))
            for axis, png in pictures.items():
                self._files.write(identity, _file_name(axis), png)
            if kept.state is CalibrationState.ACTIVE:
                _supersede(connection, kept.setup, utc_text(kept.changed_at_utc), kept.changed_by)
            connection.execute(INSERT_CALIBRATION, calibration_values(kept))
            connection.executemany(INSERT_EVIDENCE, [evidence_values(identity, one) for one in kept.evidence])
        return kept

    def calibration(self, calibration_id: str) -> KeptCalibration:
        found = self._read("calibration_id = ?", calibration_id)
        if not found:
            raise not_kept(calibration_id)
        return found[0]

    def calibrations(self, device_id: str | None = None) -> tuple[KeptCalibration, ...]:
        return self._read("1") if device_id is None else self._read("device_id = ?", device_id)

    def active(self, setup: ScopeSetup) -> KeptCalibration | None:
        found = self._read(f"state = 'active' AND {_SETUP}", *_setup_values(setup))
        return found[0] if found else None

    def set_state(self, calibration_id: str, state: CalibrationState, now_utc: datetime, actor: str) -> KeptCalibration:
        with self._database.transaction("change the calibration's state") as connection:
            before = self.calibration(calibration_id)
            if state is CalibrationState.ACTIVE:
                _supersede(connection, before.setup, utc_text(now_utc), actor)
            connection.execute(
                "UPDATE calibrations SET state = ?, changed_at = ?, changed_by = ? WHERE calibration_id = ?",
                (state.value, utc_text(now_utc), actor, calibration_id),
            )
        return before

    def picture(self, calibration_id: str, axis: Axis) -> bytes:
        evidence = evidence_of(self.calibration(calibration_id), axis)
        return self._files.read(calibration_id, _file_name(axis), evidence.sha256)

    def stated_magnification(self, device_id: str) -> str | None:
        sql = "SELECT magnification FROM stated_magnifications WHERE device_id = ?"
        rows = self._database.rows("read the magnification", sql, (device_id,))
        return str(rows[0]["magnification"]) if rows else None

    def state_magnification(self, device_id: str, magnification: str, now_utc: datetime, actor: str) -> None:
        with self._database.transaction("keep the magnification") as connection:
            connection.execute(
                "INSERT OR REPLACE INTO stated_magnifications VALUES (?, ?, ?, ?)",
                (device_id, magnification, utc_text(now_utc), actor),
            )

    def _drop_pictures(self, identity: str, pictures: Mapping[Axis, bytes]) -> None:
        if not self._rows_of("calibration_id = ?", identity):
            for axis in pictures:
                self._files.remove(identity, _file_name(axis))

    def _read(self, condition: str, *values: str | int) -> tuple[KeptCalibration, ...]:
        kept = []
        for row in self._rows_of(condition, *values):
            sql = "SELECT * FROM calibration_evidence WHERE calibration_id = ? ORDER BY axis"
            evidence = self._database.rows("read the evidence", sql, (row["calibration_id"],))
            kept.append(calibration_from(row, evidence))
        return tuple(kept)

    def _rows_of(self, condition: str, *values: str | int) -> list[Row]:
        sql = f"SELECT * FROM calibrations WHERE {condition} ORDER BY number DESC"
        return self._database.rows("read the calibrations", sql, values)


def require_pictures(kept: KeptCalibration, pictures: Mapping[Axis, bytes]) -> None:
    """Refuse pictures that are not those of the evidence. Raises StoreError."""
    digests = {axis: hashlib.sha256(png).hexdigest() for axis, png in pictures.items()}
    if not kept.evidence or digests != {one.axis: one.sha256 for one in kept.evidence}:
        raise StoreError("refused the calibration: its pictures are not those of its evidence", "Calibrate again.")


def evidence_of(kept: KeptCalibration, axis: Axis) -> Evidence:
    """The evidence of one axis. Raises NotKeptError."""
    for one in kept.evidence:
        if one.axis is axis:
            return one
    raise NotKeptError(f"calibration {kept.calibration.calibration_id} has no picture along {axis.value}")


def not_kept(calibration_id: str) -> NotKeptError:
    """The one text for an unknown id."""
    return NotKeptError(f"there is no calibration {calibration_id}", "Choose one from the list.")


def _supersede(connection: sqlite3.Connection, setup: ScopeSetup, now: str, actor: str) -> None:
    connection.execute(
        f"UPDATE calibrations SET state = 'superseded', changed_at = ?, changed_by = ? "
        f"WHERE state = 'active' AND {_SETUP}",
        (now, actor, *_setup_values(setup)),
    )


def _setup_values(setup: ScopeSetup) -> tuple[str, str, int, int]:
    return setup.device_id, setup.magnification, setup.width_px, setup.height_px


def _file_name(axis: Axis) -> str:
    return f"{axis.value}.png"
