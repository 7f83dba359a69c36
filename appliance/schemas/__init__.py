"""JSON Schema files of every document that leaves the box, and the one function that checks against them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

FOLDER = Path(__file__).parent
_ENDING = ".schema.json"
NAMES = tuple(sorted(file.name.removesuffix(_ENDING) for file in FOLDER.glob(f"*{_ENDING}")))
"""Of every schema: the document's `schema` with a dash in the place of the slash."""


def load_schema(name: str) -> dict[str, Any]:
    """The schema file `name`.schema.json of this folder, parsed.

    Raises:
        FileNotFoundError: there is no such schema.
    """
    schema: dict[str, Any] = json.loads((FOLDER / f"{name}{_ENDING}").read_text("utf-8"))
    return schema


@cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    resources = [(f"{known}{_ENDING}", Resource.from_contents(load_schema(known))) for known in NAMES]
    schema = load_schema(name)
    return jsonschema.Draft202012Validator(
        schema,
        registry=Registry().with_resources(resources),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def validate(name: str, document: object) -> None:
    """Check a document of JSON types against a schema.

    Raises:
        jsonschema.ValidationError: the first violation, with its path in the document.
    """
    _validator(name).validate(document)
