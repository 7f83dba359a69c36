"""Calibrations as rows and back."""

import json
from dataclasses import asdict
from typing import Any

from appliance.domain.calibration import Axis, Calibration, ScaleOrigin
from appliance.domain.instant import from_rfc3339
from appliance.domain.kept_calibration import CalibrationState, Drawing, Evidence, KeptCalibration
from appliance.domain.measured_scale import CalibrationMethod
from appliance.storage.database import Row, utc_text

Scalar = str | int | float | None
_COLUMNS = (
    "calibration_id, device_id, device_name, magnification, width_px, height_px, um_per_px, uncertainty_um_per_px, "
    "um_per_px_x, um_per_px_y, origin, target, target_tolerance_percent, operator, note, made_at, state, changed_at, "
    "changed_by"
)
INSERT_CALIBRATION = f"INSERT INTO calibrations ({_COLUMNS}) VALUES ({', '.join('?' * 19)})"
INSERT_EVIDENCE = f"INSERT INTO calibration_evidence VALUES ({', '.join('?' * 8)})"


def calibration_values(kept: KeptCalibration) -> tuple[Scalar, ...]:
    """For `INSERT_CALIBRATION`."""
    known = kept.calibration
    scale = (known.um_per_px, known.uncertainty_um_per_px, known.um_per_px_x, known.um_per_px_y, known.origin.value)
    setup = (kept.device_id, kept.device_name, known.magnification, known.width_px, known.height_px)
    made = (kept.target, kept.target_tolerance_percent, kept.operator, kept.note, utc_text(kept.made_at_utc))
    return (
        known.calibration_id,
        *setup,
        *scale,
        *made,
        kept.state.value,
        utc_text(kept.changed_at_utc),
        kept.changed_by,
    )


def evidence_values(calibration_id: str, evidence: Evidence) -> tuple[Scalar, ...]:
    """For `INSERT_EVIDENCE`."""
    return (
        calibration_id,
        evidence.axis.value,
        evidence.method.value,
        evidence.division_um,
        evidence.um_per_px,
        evidence.uncertainty_um_per_px,
        evidence.sha256,
        json.dumps(asdict(evidence.drawing)),
    )


def calibration_from(row: Row, evidence: list[Row]) -> KeptCalibration:
    """The calibration of a row and of its evidence's rows."""
    return KeptCalibration(
        calibration=Calibration(
            row["calibration_id"],
            row["um_per_px"],
            row["width_px"],
            row["height_px"],
            ScaleOrigin(row["origin"]),
            row["magnification"],
            from_rfc3339(row["made_at"]),
            row["uncertainty_um_per_px"],
            row["um_per_px_x"],
            row["um_per_px_y"],
        ),
        device_id=row["device_id"],
        device_name=row["device_name"],
        target=row["target"],
        operator=row["operator"],
        evidence=tuple(_evidence_from(one) for one in evidence),
        state=CalibrationState(row["state"]),
        changed_at_utc=from_rfc3339(row["changed_at"]),
        changed_by=row["changed_by"],
        note=row["note"],
        target_tolerance_percent=row["target_tolerance_percent"],
    )


def _evidence_from(row: Row) -> Evidence:
    return Evidence(
        axis=Axis(row["axis"]),
        method=CalibrationMethod(row["method"]),
        division_um=row["division_um"],
        um_per_px=row["um_per_px"],
        uncertainty_um_per_px=row["uncertainty_um_per_px"],
        sha256=row["sha256"],
        drawing=_drawing_from(json.loads(row["drawing"])),
    )


def _drawing_from(stored: dict[str, list[Any]]) -> Drawing:
    """Rows from before 2026-12 have only one of the two."""
    lines = tuple((_point(start), _point(end)) for start, end in stored.get("lines", []))
    return Drawing(lines, tuple(_point(one) for one in stored.get("points", [])))


def _point(xy: list[float]) -> tuple[float, float]:
    x, y = xy
    return x, y
