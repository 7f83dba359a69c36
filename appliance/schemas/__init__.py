"""JSON Schema files of every document that leaves the box, and the one function that checks against them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

FOLDER = Path(__file__).parent
_ENDING = ".schema.json"
NAMES = tuple(sorted(file.name.removesuffix(_ENDING) for file in FOLDER.glob(f"*{_ENDING}")))
"""Of every schema: the document's `schema` with a dash in the place of the slash."""


class SchemaError(ValueError):
    """A document does not fit its schema.

    Attributes:
        json_path: where in the document: "$.images[0].width".
        message: what is wrong there.
    """

    def __init__(self, json_path: str, message: str) -> None:
        super().__init__(f"{json_path}: {message}")
        self.json_path, self.message = json_path, message


def load_schema(name: str) -> dict[str, Any]:
    """The schema file `name`.schema.json of this folder, parsed.

    Raises:
        FileNotFoundError: there is no such schema.
    """
    schema: dict[str, Any] = json.loads((FOLDER / f"{name}{_ENDING}").read_text("utf-8"))
    return schema


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry([(f"{known}{_ENDING}", load_schema(known)) for known in NAMES])
    return jsonschema_rs.Draft202012Validator(load_schema(name), registry=registry, validate_formats=True)


def validate(name: str, document: object) -> None:
    """Check a document of JSON types against a schema.

    Raises:
        SchemaError: the first violation.
    """
    try:
        _validator(name).validate(document)
    except jsonschema_rs.ValidationError as error:
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
        raise SchemaError(f"${path}", error.message) from error
