"""Joins the settings of the station: defaults, the board's file, the site's file, the command line."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

from appliance.apps.config.engine_bundle import BUNDLE_ORIGIN, EngineBundles
from appliance.apps.config.remote_settings import remote_layer
from appliance.apps.config.settings import LoadedSettings, Settings, default_data_dir
from appliance.apps.config.settings_reader import Layer, read_layers
from appliance.domain.bounded_toml import TOMLDecodeError, bounded_toml
from appliance.domain.errors import SettingsError
from appliance.foreign_files.text import read_text
from firmware.board import identify_board
from firmware.settings import SIMULATED
from webui.settings import LOOPBACK

_log = logging.getLogger(__name__)
SITE_FILE = Path("/etc/nailfold/site.toml")
COMMAND_LINE = "command line"


def load_settings(config: Path | None = None, flags: Mapping[str, Any] | None = None) -> LoadedSettings:
    """The settings in force.

    Args:
        config: the site's file; None takes $NAILFOLD_CONFIG, else /etc/nailfold/site.toml where it exists.
        flags: "table.key" to value from the command line; None values are left out.

    Raises:
        SettingsError: a file cannot be read, or a value cannot be used; names every problem.
    """
    site = [_site_layer(path) for path in [config or _default_site_file()] if path is not None]
    given = _flag_layer(flags or {})
    loaded, problems = _join([*site, *_fleet_layers([*site, given]), given])
    if problems:
        # What the fleet once wanted must not keep a newer station from starting; what else is wrong, it does not hide.
        loaded, problems = _join([*site, given])
        if loaded is not None:
            _log.error("the fleet's settings are left out: they do not fit this software or the site's file")
    if loaded is None or problems:
        raise SettingsError("; ".join(problems), "Check a file with: nailfold config check FILE")
    return loaded


def load_site_settings(config: Path | None = None) -> Settings:
    """Those of the board's and the site's file alone, for a service that may not read the station's data folder.

    What the fleet wants and which networks it sent lie there; neither may touch the board.

    Raises:
        SettingsError: as `load_settings`.
    """
    site = [_site_layer(path) for path in [config or _default_site_file()] if path is not None]
    loaded, problems = _join(site, lambda _: None)
    if loaded is None:
        raise SettingsError("; ".join(problems), "Check a file with: nailfold config check FILE")
    return loaded.settings


def check_site_file(path: Path) -> tuple[str, ...]:
    """Every problem of a site file, one a line; empty when it can be used."""
    try:
        return _join([_site_layer(path)])[1]
    except SettingsError as error:
        return (str(error),)


def _active_bundle(data_dir: Path) -> Path | None:
    return EngineBundles(data_dir).weights_dir()


def _join(
    layers: list[Layer], bundle_of: Callable[[Path], Path | None] = _active_bundle
) -> tuple[LoadedSettings | None, tuple[str, ...]]:
    schema = get_type_hints(Settings)
    layers = [_board_layer(layers), *layers]
    reading = read_layers(schema, [layers[0], *_implied_layers(layers), *layers[1:]])
    if reading.problems:
        return None, reading.problems
    return _with_derived_folders(Settings(**reading.tables), reading.origins, bundle_of), ()


def _implied_layers(layers: list[Layer]) -> list[Layer]:
    """What one setting means for others, unless the site says otherwise."""
    return [*_implied_by_broker(layers), *_implied_by_source(layers)]


def _implied_by_broker(layers: list[Layer]) -> list[Layer]:
    """Naming a broker on the command line means publishing to it, on loopback in the clear; the site may differ."""
    host = next((_given(layer, "mqtt", "host") for layer in layers if layer.origin == COMMAND_LINE), None)
    if host is None:
        return []
    implied = [Layer("--mqtt-host", {"mqtt": {"enabled": True}})]
    return implied + ([Layer("broker on loopback", {"mqtt": {"tls": False}})] if host in LOOPBACK else [])


def _implied_by_source(layers: list[Layer]) -> list[Layer]:
    """A simulated capillaroscope comes with a simulated board, a real one never does."""
    named = [source for layer in layers if (source := _given(layer, "capture", "source")) is not None]
    if not named or not str(named[-1]).startswith("simulated:"):
        return []
    return [Layer("simulated capillaroscope", {"firmware": {"board": SIMULATED}})]


def _fleet_layers(layers: list[Layer]) -> list[Layer]:
    """What the fleet wants of this box; it stands above the site's file and below the command line."""
    named = [str(folder) for layer in layers if (folder := _given(layer, "station", "data_dir"))]
    layer = remote_layer(Path(named[-1]) if named else default_data_dir())
    return [] if layer is None else [layer]


def _given(layer: Layer, table: str, key: str) -> Any:
    """What a layer says; None where it says nothing, or has something else in the place of the table."""
    entries = layer.tables.get(table)
    return entries.get(key) if isinstance(entries, dict) else None


def _with_derived_folders(
    settings: Settings, origins: Mapping[str, str], bundle_of: Callable[[Path], Path | None]
) -> LoadedSettings:
    """Folders that nobody named lie below station.data_dir; the weights are those of the package."""
    inference, storage, firmware = settings.inference, settings.storage, settings.firmware
    origins = dict(origins)
    if "storage.folder" not in origins:
        storage = replace(storage, folder=settings.station.data_dir / "exams")
        origins["storage.folder"] = "station.data_dir"
    if "inference.engine_cache_dir" not in origins:
        inference = replace(inference, engine_cache_dir=settings.station.data_dir / "engines")
        origins["inference.engine_cache_dir"] = "station.data_dir"
    if firmware.board == SIMULATED and "firmware.socket" not in origins:
        firmware = replace(firmware, socket=settings.station.data_dir / "board.sock")
        origins["firmware.socket"] = "station.data_dir"
    if inference.weights_dir is None:
        bundle = bundle_of(settings.station.data_dir)
        packaged = Path(str(resources.files("engines").joinpath("weights")))
        inference = replace(inference, weights_dir=bundle or packaged)
        origins["inference.weights_dir"] = BUNDLE_ORIGIN if bundle else "package"
    return LoadedSettings(replace(settings, inference=inference, storage=storage, firmware=firmware), origins)


def _board_layer(layers: list[Layer]) -> Layer:
    asked = [layer.tables["station"].get("board") for layer in layers if isinstance(layer.tables.get("station"), dict)]
    name = next((board for board in reversed(asked) if board), "auto")
    found = " (found)" if name == "auto" else ""
    name = identify_board().name if name == "auto" else name
    shipped = resources.files(__package__).joinpath("boards").iterdir()
    boards = {entry.name.removesuffix(".toml"): entry for entry in shipped if entry.name.endswith(".toml")}
    if name not in boards:
        raise SettingsError(f"station.board is {name!r}", f"Use auto or one of {', '.join(sorted(boards))}.")
    return Layer(f"board {name}{found}", bounded_toml(boards[name].read_text(encoding="utf-8")))


def _site_layer(path: Path) -> Layer:
    try:
        return Layer(str(path), bounded_toml(read_text(path)))
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}", "Name a readable file.") from error
    except (TOMLDecodeError, UnicodeError) as error:
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
