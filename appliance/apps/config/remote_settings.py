"""Settings that a fleet wants of this box, kept beside its data and read at the next start."""

import json
import logging
from collections.abc import Collection, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

from appliance.apps.config.settings import LoadedSettings, Settings
from appliance.apps.config.settings_reader import Layer, read_layers
from appliance.domain.bounded_json import bounded_loads
from appliance.domain.errors import StoreError
from appliance.durable_files import write_durably

_log = logging.getLogger(__name__)
FILE_NAME = "fleet-settings.json"
ORIGIN = "the fleet"
TABLES = ("exam", "live")
KEYS = (
    "calibration.remind_after_months",
    "fleet.telemetry_interval_s",
    "storage.backup_every_h",
    "storage.receipt_timeout_s",
    "storage.receipted_kept_days",
)
"""What may be set from afar: nothing that changes a measurement, opens the box or cuts it off."""


def remote_layer(data_dir: Path) -> Layer | None:
    """What was kept and can still be used; None where nothing was, or what there is cannot be read.

    A newer software may have kept what this one, put back after it, does not know: that must not keep the box off.
    """
    file = data_dir / FILE_NAME
    if not file.exists():
        return None
    try:
        tables = bounded_loads(file.read_bytes())
    except (OSError, ValueError) as error:
        _log.error("the fleet's settings in %s cannot be read and are left out: %s", file, error)
        return None
    usable: dict[str, dict[str, Any]] = {}
    for table, entries in tables.items() if isinstance(tables, dict) else ():
        for name, value in entries.items() if isinstance(entries, dict) else ():
            if reason := _why_not(f"{table}.{name}", value):
                _log.error("the fleet's setting %s.%s is left out: %s", table, name, reason)
            else:
                usable.setdefault(table, {})[name] = value
    return Layer(ORIGIN, usable)


class KeptRemoteSettings:
    """The RemoteSettings of the device; see the port.

    Args:
        loaded: those of the running station.
    """

    def __init__(self, loaded: LoadedSettings) -> None:
        self._loaded = loaded
        self._file = loaded.settings.station.data_dir / FILE_NAME

    def keep(self, settings: Mapping[str, Any]) -> Mapping[str, str]:
        refused: dict[str, str] = {}
        tables: dict[str, dict[str, Any]] = {}
        for key, value in settings.items():
            if reason := _why_not(key, value):
                refused[key] = reason
            else:
                table, name = key.split(".")
                tables.setdefault(table, {})[name] = value
        self._write(tables)
        return refused

    def in_force(self, keys: Collection[str]) -> Mapping[str, Any]:
        found = {}
        for key in keys:
            table, _, name = key.partition(".")
            value = getattr(getattr(self._loaded.settings, table, None), name, _NOTHING)
            if value is not _NOTHING:
                found[key] = _plain(value)
        return found

    def _write(self, tables: Mapping[str, Any]) -> None:
        try:
            write_durably(self._file, json.dumps(tables).encode())
        except OSError as error:
            raise StoreError(f"could not keep the fleet's settings: {error.strerror}") from error


_NOTHING = object()


def _why_not(key: str, value: object) -> str:
    table, _, name = key.partition(".")
    if table not in TABLES and key not in KEYS:
        return "may not be set from afar"
    problems = read_layers(get_type_hints(Settings), [Layer(ORIGIN, {table: {name: value}})]).problems
    return "; ".join(problems)[:300]


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value
