"""Reads TOML tables into the packages' frozen dataclasses, remembering where each value came from.

Nothing here knows a particular setting: fields, types and defaults are those of the dataclasses, pydantic checks the
values strictly against them and against the limits of the unit in a field's name, and whatever a dataclass checks in
its own `__post_init__` is reported the same way.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from appliance.apps.config.settings_model import limits_of, settings_model
from appliance.domain.errors import ApplianceError

Fault = Mapping[str, Any]
"""One of pydantic's `ErrorDetails`: `loc`, `type`, `input`, `ctx` and `msg`."""

_QUOTED = re.compile(r"'(.*?)'")
_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "path_type": "a path",
    "tuple_type": "a list",
    "finite_number": "a finite number",
    "model_type": "a table of settings",
    "model_attributes_type": "a table of settings",
}


@dataclasses.dataclass(frozen=True)
class Layer:
    """One source of values, weakest first when several are joined: "board generic", "/etc/nailfold/site.toml", ..."""

    origin: str
    tables: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class ReadSettings:
    """What came out: one dataclass a table (absent where it could not be built), origins, and every problem."""

    tables: Mapping[str, Any]
    origins: Mapping[str, str]
    problems: tuple[str, ...]


def read_layers(schema: Mapping[str, type], layers: Sequence[Layer]) -> ReadSettings:
    """Values of all layers over the dataclasses' defaults; a later layer wins, key by key.

    Args:
        schema: table name to dataclass.
        layers: weakest first.
    """
    problems: list[str] = []
    chosen: dict[str, dict[str, Any]] = {table: {} for table in schema}
    origins: dict[str, str] = {}
    model = settings_model(schema)
    for layer in layers:
        read, wrong = _checked(model, layer.tables)
        problems.extend(f"{layer.origin}: {_words(one, schema)}" for one in wrong)
        for table, key, value in read:
            chosen[table][key] = value
            origins[f"{table}.{key}"] = layer.origin
    tables = {}
    for table, cls in schema.items():
        try:
            tables[table] = cls(**chosen[table])
        except (ApplianceError, ValueError) as error:
            problems.append(f"[{table}]: {error}")
        except TypeError:
            required = [f.name for f in dataclasses.fields(cls) if _is_required(f) and f.name not in chosen[table]]
            problems.append(f"[{table}]: missing {', '.join(required)}")
    return ReadSettings(tables, origins, tuple(problems))


def _checked(model: type[BaseModel], tables: Mapping[str, Any]) -> tuple[list[tuple[str, str, Any]], list[Fault]]:
    """(table, key, value) of what can be used, converted, and what is wrong with the rest."""
    try:
        return list(_given(model.model_validate(dict(tables)))), []
    except ValidationError as error:
        wrong: list[Fault] = [{**one} for one in error.errors(include_url=False)]
        return _checked(model, _without(tables, wrong))[0], wrong


def _given(read: BaseModel) -> Iterator[tuple[str, str, Any]]:
    for table in read.model_fields_set:
        entries = getattr(read, table)
        yield from ((table, key, getattr(entries, key)) for key in entries.model_fields_set)


def _without(tables: Mapping[str, Any], wrong: Sequence[Fault]) -> dict[str, Any]:
    places = {one["loc"][:2] for one in wrong}
    return {
        table: {key: value for key, value in entries.items() if (table, key) not in places}
        for table, entries in tables.items()
        if (table,) not in places
    }


def _words(wrong: Fault, schema: Mapping[str, type]) -> str:
    """One problem: key, value, and what is allowed."""
    table, *keys = (str(part) for part in wrong["loc"])
    if wrong["type"] == "extra_forbidden":
        if not keys:
            return f"[{table}] is not a table{_nearest(table, list(schema))}"
        known = [field.name for field in dataclasses.fields(schema[table])]
        return f"{table}.{keys[0]} is not a setting{_nearest(keys[0], known, f'{table}.')}"
    name = ".".join((table, *keys[:1])) + "".join(f"[{index}]" for index in keys[1:])
    return f"{name} = {wrong['input']!r} must {_allowed(wrong, name)}"


def _allowed(wrong: Fault, name: str) -> str:
    kind = wrong["type"]
    if kind in ("enum", "literal_error"):
        return f"be one of {', '.join(_QUOTED.findall(wrong['ctx']['expected']))}"
    limits = limits_of(name)
    if limits is not None and kind in ("greater_than_equal", "less_than_equal"):
        return f"lie between {limits.ge:g} and {limits.le:g}"
    return f"be {_KINDS[kind]}" if kind in _KINDS else f"be usable: {wrong['msg']}"


def _nearest(name: str, known: Sequence[str], before: str = "") -> str:
    match = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {before}{match[0]}?" if match else f"; known are {', '.join(sorted(known))}"


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
