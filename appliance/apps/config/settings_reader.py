"""Reads TOML tables into the packages' frozen dataclasses, remembering where each value came from.

Nothing here knows a particular setting: the fields, types and defaults are those of the dataclasses, the limits follow
from the unit in a field's name, and whatever a dataclass checks in its own `__post_init__` is reported the same way.
"""

import dataclasses
import difflib
import math
import types
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from appliance.domain.errors import ApplianceError

# Smallest and largest value by the last words of the field's name. Port 0 lets the kernel choose a free one.
LIMITS: tuple[tuple[str, float, float], ...] = (
    ("um_per_px", 0.05, 50.0),
    ("port", 0, 65_535),
    ("fps", 0.1, 1_000),
    ("_s", 0, 31_622_400),
    ("_ms", 0, 31_622_400_000),
    ("_px", 0, 100_000),
    ("_bytes", 0, 2**63),
    ("_mb", 0, 2**43),
    ("threads", 0, 1_024),
    ("_per_mm", 0, 1_000),
    ("_um", 0, 100_000),
    ("_score", 0, 1),
    ("quality", 0, 100),
)


@dataclasses.dataclass(frozen=True)
class Layer:
    """One source of values, weakest first when several are joined: "board generic", "/etc/nailfold/site.toml", ..."""

    origin: str
    tables: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Reading:
    """What came out: one dataclass a table (absent where it could not be built), origins, and every problem."""

    tables: Mapping[str, Any]
    origins: Mapping[str, str]
    problems: tuple[str, ...]


def read_layers(schema: Mapping[str, type], layers: Sequence[Layer]) -> Reading:
    """Values of all layers over the dataclasses' defaults; a later layer wins, key by key.

    Args:
        schema: table name to dataclass.
        layers: weakest first.
    """
    problems: list[str] = []
    chosen: dict[str, dict[str, Any]] = {table: {} for table in schema}
    origins: dict[str, str] = {}
    for layer in layers:
        for table, key, value in _known_items(schema, layer, problems):
            try:
                chosen[table][key] = convert(f"{table}.{key}", value, get_type_hints(schema[table])[key])
                origins[f"{table}.{key}"] = layer.origin
            except ValueError as error:
                problems.append(f"{layer.origin}: {error}")
    tables = {}
    for table, cls in schema.items():
        try:
            tables[table] = cls(**chosen[table])
        except (ApplianceError, ValueError) as error:
            problems.append(f"[{table}]: {error}")
        except TypeError:
            required = [f.name for f in dataclasses.fields(cls) if _is_required(f) and f.name not in chosen[table]]
            problems.append(f"[{table}]: missing {', '.join(required)}")
    return Reading(tables, origins, tuple(problems))


def convert(name: str, value: Any, hint: Any) -> Any:
    """`value` as the annotated type.

    Raises:
        ValueError: wrong type or outside the limits; names key, value and what is allowed.
    """
    if get_origin(hint) in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        return _first_fitting(name, value, options)
    if get_origin(hint) is Literal:
        return _one_of(name, value, {str(choice): choice for choice in get_args(hint)})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _one_of(name, value, {str(member.value): member for member in hint})
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{name} = {value!r} must be a list")
        return tuple(convert(f"{name}[{index}]", item, get_args(hint)[0]) for index, item in enumerate(value))
    return _within_limits(name, _plain(name, value, hint))


def _plain(name: str, value: Any, hint: Any) -> Any:
    if hint is Path and isinstance(value, (str, Path)):
        return Path(value).expanduser()
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is hint:
        return value
    words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}
    raise ValueError(f"{name} = {value!r} must be {words.get(hint, getattr(hint, '__name__', str(hint)))}")


def _within_limits(name: str, value: Any) -> Any:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return value
    if not math.isfinite(value):
        raise ValueError(f"{name} = {value} must be a finite number")
    for ending, low, high in LIMITS:
        if name.endswith(ending) and not low <= value <= high:
            raise ValueError(f"{name} = {value} must lie between {low:g} and {high:g}")
    return value


def _first_fitting(name: str, value: Any, options: Sequence[Any]) -> Any:
    for option in options[:-1]:
        try:
            return convert(name, value, option)
        except ValueError:
            continue
    return convert(name, value, options[-1])


def _one_of(name: str, value: Any, choices: Mapping[str, Any]) -> Any:
    if str(value) not in choices:
        raise ValueError(f"{name} = {value!r} must be one of {', '.join(choices)}")
    return choices[str(value)]


def _known_items(schema: Mapping[str, type], layer: Layer, problems: list[str]) -> list[tuple[str, str, Any]]:
    items = []
    for table, entries in layer.tables.items():
        if table not in schema:
            problems.append(f"{layer.origin}: [{table}] is not a table{_nearest(table, schema)}")
        elif not isinstance(entries, Mapping):
            problems.append(f"{layer.origin}: {table} = {entries!r} must be a table of settings")
        else:
            known = [field.name for field in dataclasses.fields(schema[table])]
            for key, value in entries.items():
                if key in known:
                    items.append((table, key, value))
                else:
                    problems.append(f"{layer.origin}: {table}.{key} is not a setting{_nearest(key, known, table)}")
    return items


def _nearest(name: str, known: Any, table: str = "") -> str:
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    if match:
        return f"; did you mean {table + '.' if table else ''}{match[0]}?"
    return f"; known are {', '.join(sorted(known))}"


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
