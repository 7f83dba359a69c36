"""The parts of the schema files that follow from the tables of figures and of reasons; `make schemas` writes them.

The files stay whole and readable by themselves: they are what receivers are given. A test fails while one of them says
something else than the tables.
"""

import json
from typing import Any

from appliance.domain.figure_definition import FigureDefinition, Kind
from appliance.domain.figure_definitions import MEASURED
from appliance.domain.quality import Effect, reasons_that
from appliance.schemas import FOLDER, load_schema

Json = dict[str, Any]


def schema_from_tables(name: str) -> Json:
    """The schema `name` as its file should be."""
    schema = load_schema(name)
    fill = {"nailfold.analysis-1": _fill_analysis, "nailfold.exam-1": _fill_exam}.get(name)
    if fill is not None:
        fill(schema["$defs"])
    return schema


def write_schemas() -> None:
    """Write every file that the tables have a part in."""
    for name in ("nailfold.analysis-1", "nailfold.exam-1"):
        text = json.dumps(schema_from_tables(name), indent=2, ensure_ascii=False)
        (FOLDER / f"{name}.schema.json").write_text(f"{text}\n", "utf-8")


def _fill_analysis(defs: Json) -> None:
    quality = defs["quality"]["properties"]
    for member, effect in (("reasons", Effect.ABSTAINS), ("hints", Effect.HINTS)):
        quality[member]["items"]["enum"] = [reason.value for reason in reasons_that(effect)]
    _replace(defs["metrics"], {one.key: _member(one) for one in MEASURED})


def _fill_exam(defs: Json) -> None:
    _replace(defs["finger"], {one.key: {"$ref": "#/$defs/count"} for one in MEASURED if one.kind is Kind.COUNT})


def _replace(node: Json, figures: Json) -> None:
    """Put the figures where the first of them stood; what is no figure of the table keeps its place."""
    known, members = {one.key for one in MEASURED}, node["properties"]
    at = next(at for at, key in enumerate(members) if key in known)
    others = [(key, member) for key, member in members.items() if key not in known]
    node["properties"] = dict([*others[:at], *figures.items(), *others[at:]])
    node["required"] = list(node["properties"])


def _member(figure: FigureDefinition) -> Json:
    assert figure.measured is not None
    if figure.measured.digits is None:
        return {"type": "integer", "minimum": 0, "description": figure.measured.description}
    least = "minimum" if figure.measured.can_be_zero else "exclusiveMinimum"
    return {"type": ["number", "null"], least: 0, "description": figure.measured.description}


if __name__ == "__main__":
    write_schemas()
