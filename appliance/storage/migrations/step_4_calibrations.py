"""Calibrations with their evidence, and what the operator says the ring of each device stands at."""

STATEMENTS: tuple[str, ...] = (
    """CREATE TABLE calibrations (
        number INTEGER PRIMARY KEY,
        calibration_id TEXT NOT NULL UNIQUE,
        device_id TEXT NOT NULL,
        device_name TEXT NOT NULL,
        magnification TEXT NOT NULL,
        width_px INTEGER NOT NULL CHECK (width_px > 0),
        height_px INTEGER NOT NULL CHECK (height_px > 0),
        um_per_px REAL NOT NULL CHECK (um_per_px > 0),
        uncertainty_um_per_px REAL NOT NULL,
        um_per_px_x REAL,
        um_per_px_y REAL,
        origin TEXT NOT NULL,
        target TEXT NOT NULL,
        target_tolerance_percent REAL,
        operator TEXT NOT NULL,
        note TEXT NOT NULL,
        made_at TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'retired')),
        changed_at TEXT NOT NULL,
        changed_by TEXT NOT NULL
    ) STRICT""",
    """CREATE UNIQUE INDEX one_active_calibration
        ON calibrations (device_id, magnification, width_px, height_px) WHERE state = 'active'""",
    """CREATE TABLE calibration_evidence (
        calibration_id TEXT NOT NULL REFERENCES calibrations (calibration_id),
        axis TEXT NOT NULL CHECK (axis IN ('x', 'y')),
        method TEXT NOT NULL,
        division_um REAL NOT NULL,
        um_per_px REAL NOT NULL,
        uncertainty_um_per_px REAL NOT NULL,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        drawing TEXT NOT NULL,
        PRIMARY KEY (calibration_id, axis)
    ) STRICT""",
    """CREATE TABLE stated_magnifications (
        device_id TEXT PRIMARY KEY,
        magnification TEXT NOT NULL,
        stated_at TEXT NOT NULL,
        stated_by TEXT NOT NULL
    ) STRICT""",
)
