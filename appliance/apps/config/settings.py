"""Every setting of the station: one table a package, each value with its origin."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from appliance.analysis.settings import AnalysisSettings
from appliance.capture.settings import CaptureSettings
from appliance.domain.calibration import ScaleOrigin
from appliance.domain.errors import SettingsError
from appliance.exam.live import LiveSettings
from appliance.exam.settings import ExamSettings
from appliance.exports.settings import PacsSettings
from appliance.fleet.settings import AgentSettings
from appliance.inference.settings import InferenceSettings
from appliance.storage.settings import StorageSettings
from appliance.transport.settings import MqttSettings
from firmware.settings import FirmwareSettings
from webui.settings import WebSettings

DEFAULT = "default"
_SECRET = re.compile(r"password|secret|token")


def default_data_dir() -> Path:
    """Where exams are kept unless the site says otherwise: the user's state folder of the XDG specification."""
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else Path.home() / ".local/state") / "nailfold"


@dataclass(frozen=True)
class StationSettings:
    """The box itself.

    Attributes:
        board: name of a shipped file in boards/, or "auto" for the one that fits the device tree.
        data_dir: exams, outbox and the words of the set-up.
        log_level: "debug", "info", "warning" or "error".
    """

    board: str = "auto"
    data_dir: Path = field(default_factory=default_data_dir)
    log_level: str = "info"

    def __post_init__(self) -> None:
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsError(f"station.log_level is {self.log_level!r}", "Use debug, info, warning or error.")


@dataclass(frozen=True)
class CalibrationSettings:
    """The scale of the connected capillaroscope; without `um_per_px` nothing is shown in micrometres.

    Attributes:
        um_per_px: micrometres per pixel of the full frame.
        width_px, height_px: the frame size it holds for; None takes the frame size asked of the camera.
        origin: how the scale became known.
        magnification: as printed on the scope ("220x").
        calibration_id: printed with every result; None makes one from scale and size.
        remind_after_months: a calibration made in the wizard is to be checked after so long; 0 never reminds.
    """

    um_per_px: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    origin: ScaleOrigin = ScaleOrigin.OPERATOR
    magnification: str | None = None
    calibration_id: str | None = None
    remind_after_months: int = 12

    def __post_init__(self) -> None:
        if not 0 <= self.remind_after_months <= 120:
            raise SettingsError(
                f"calibration.remind_after_months is {self.remind_after_months}", "Use months from 0 (never) to 120."
            )


@dataclass(frozen=True)
class Settings:
    """One table a package; the field names are the tables of the TOML files."""

    station: StationSettings
    calibration: CalibrationSettings
    capture: CaptureSettings
    inference: InferenceSettings
    analysis: AnalysisSettings
    exam: ExamSettings
    storage: StorageSettings
    mqtt: MqttSettings
    live: LiveSettings
    web: WebSettings
    pacs: PacsSettings
    firmware: FirmwareSettings
    fleet: AgentSettings


@dataclass(frozen=True)
class LoadedSettings:
    """The settings in force and, for every one that is not a default, where it came from ("table.key" to origin)."""

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """(key, value, origin) of every setting, as `config show` prints it; secrets are masked."""
        for table in fields(self.settings):
            values = getattr(self.settings, table.name)
            for entry in fields(values):
                key = f"{table.name}.{entry.name}"
                yield key, _printed(entry.name, getattr(values, entry.name)), self.origins.get(key, DEFAULT)


def _printed(name: str, value: Any) -> str:
    if isinstance(value, str) and value and _SECRET.search(name):
        return "********"
    if isinstance(value, tuple):
        return "[" + ", ".join(_printed(name, item) for item in value) + "]"
    return str(getattr(value, "value", value)) if value is not None else "(not set)"
