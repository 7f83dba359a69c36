"""The pydantic model of a settings file, made from the packages' dataclasses."""

import dataclasses
import types
from collections.abc import Mapping
from enum import Enum
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, create_model


class Limits(NamedTuple):
    """Smallest and largest value that a field of a unit may have."""

    ge: float
    le: float


# By the last words of the field's name. Port 0 lets the kernel choose a free one.
_LIMITS: tuple[tuple[str, Limits], ...] = (
    ("um_per_px", Limits(0.05, 50.0)),
    ("port", Limits(0, 65_535)),
    ("fps", Limits(0.1, 1_000)),
    ("_s", Limits(0, 31_622_400)),
    ("_ms", Limits(0, 31_622_400_000)),
    ("_px", Limits(0, 100_000)),
    ("_bytes", Limits(0, 2**63)),
    ("_mb", Limits(0, 2**43)),
    ("threads", Limits(0, 1_024)),
    ("_per_mm", Limits(0, 1_000)),
    ("_um", Limits(0, 100_000)),
    ("_score", Limits(0, 1)),
    ("quality", Limits(0, 100)),
)
# A file's text is no number and its number no text, but a path, a choice and a list have no form of their own in TOML.
_CONFIG = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def limits_of(name: str) -> Limits | None:
    """The limits of the unit that a field's name ends with; None where it ends with none."""
    return next((limits for ending, limits in _LIMITS if name.endswith(ending)), None)


def settings_model(schema: Mapping[str, type]) -> type[BaseModel]:
    """A model with one table a dataclass, in which every table and every entry may be left out."""
    tables: dict[str, Any] = {name: (_table_model(name, cls), None) for name, cls in schema.items()}
    return create_model("SettingsFile", __config__=_CONFIG, **tables)


def _table_model(table: str, cls: type) -> type[BaseModel]:
    hints = get_type_hints(cls)
    entries: dict[str, Any] = {
        field.name: (_checked(field.name, hints[field.name]), None) for field in dataclasses.fields(cls)
    }
    return create_model(table, __config__=_CONFIG, **entries)


def _checked(name: str, hint: Any) -> Any:
    """The type that a value in a file must have; None cannot be written there."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = reduce(or_, (one for one in get_args(hint) if one is not type(None)))
    if hint is Path:
        return Annotated[Path, Strict(False), AfterValidator(Path.expanduser)]
    if get_origin(hint) is tuple or (isinstance(hint, type) and issubclass(hint, Enum)):
        return Annotated[hint, Strict(False)]
    limits = limits_of(name)
    return hint if limits is None or hint not in (int, float) else Annotated[hint, Field(ge=limits.ge, le=limits.le)]
