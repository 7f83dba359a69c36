"""Every setting of the station: defaults, then the board's file, then the site's file, then the command line."""

import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

from appliance.analysis.settings import AnalysisSettings
from appliance.apps.settings_reader import Layer, read_layers
from appliance.capture.settings import CaptureSettings
from appliance.domain.calibration import ScaleOrigin
from appliance.domain.errors import SettingsError
from appliance.exam.live import LiveSettings
from appliance.inference.settings import InferenceSettings
from firmware.board import identify_board
from webui.settings import WebSettings

# In the standard library from Python 3.11 on; tomli before.
tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

SITE_FILE = Path("/etc/nailfold/site.toml")
COMMAND_LINE = "command line"
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
        data_dir: exams, outbox and access code.
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
    """

    um_per_px: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    origin: ScaleOrigin = ScaleOrigin.OPERATOR
    magnification: str | None = None
    calibration_id: str | None = None


@dataclass(frozen=True)
class Settings:
    """One table a package; the field names are the tables of the TOML files."""

    station: StationSettings
    calibration: CalibrationSettings
    capture: CaptureSettings
    inference: InferenceSettings
    analysis: AnalysisSettings
    live: LiveSettings
    web: WebSettings


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


def load_settings(config: Path | None = None, flags: Mapping[str, Any] | None = None) -> LoadedSettings:
    """The settings in force.

    Args:
        config: the site's file; None takes $NAILFOLD_CONFIG, else /etc/nailfold/site.toml where it exists.
        flags: "table.key" to value from the command line; None values are left out.

    Raises:
        SettingsError: a file cannot be read, or a value cannot be used; names every problem.
    """
    site = [_site_layer(path) for path in [config or _default_site_file()] if path is not None]
    loaded, problems = _join([*site, _flag_layer(flags or {})])
    if loaded is None or problems:
        raise SettingsError("; ".join(problems), "Check a file with: nailfold config check FILE")
    return loaded


def check_site_file(path: Path) -> tuple[str, ...]:
    """Every problem of a site file, one a line; empty when it can be used."""
    try:
        return _join([_site_layer(path)])[1]
    except SettingsError as error:
        return (str(error),)


def _join(layers: list[Layer]) -> tuple[LoadedSettings | None, tuple[str, ...]]:
    schema = get_type_hints(Settings)
    reading = read_layers(schema, [_board_layer(layers), *layers])
    if reading.problems:
        return None, reading.problems
    return LoadedSettings(Settings(**reading.tables), reading.origins), ()


def _board_layer(layers: list[Layer]) -> Layer:
    asked = [layer.tables["station"].get("board") for layer in layers if isinstance(layer.tables.get("station"), dict)]
    name = next((board for board in reversed(asked) if board), "auto")
    found = " (found)" if name == "auto" else ""
    name = identify_board().name if name == "auto" else name
    shipped = resources.files(__package__).joinpath("boards").iterdir()
    boards = {entry.name.removesuffix(".toml"): entry for entry in shipped if entry.name.endswith(".toml")}
    if name not in boards:
        raise SettingsError(f"station.board is {name!r}", f"Use auto or one of {', '.join(sorted(boards))}.")
    return Layer(f"board {name}{found}", tomllib.loads(boards[name].read_text(encoding="utf-8")))


def _site_layer(path: Path) -> Layer:
    try:
        return Layer(str(path), tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}", "Name a readable file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}", "Correct that line.") from error


def _default_site_file() -> Path | None:
    named = os.environ.get("NAILFOLD_CONFIG")
    if named:
        return Path(named)
    return SITE_FILE if SITE_FILE.exists() else None


def _flag_layer(flags: Mapping[str, Any]) -> Layer:
    tables: dict[str, dict[str, Any]] = {}
    for name, value in flags.items():
        if value is not None:
            table, key = name.split(".")
            tables.setdefault(table, {})[key] = value
    return Layer(COMMAND_LINE, tables)


def _printed(name: str, value: Any) -> str:
    if value is not None and _SECRET.search(name) and value != "":
        return "********"
    if isinstance(value, tuple):
        return "[" + ", ".join(_printed(name, item) for item in value) + "]"
    return str(getattr(value, "value", value)) if value is not None else "(not set)"
