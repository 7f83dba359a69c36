"""JSON Schema files of every document that leaves the box, and the one function that checks against them."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
from referencing import Registry, Resource

NAMES = ("nailfold.analysis-1", "nailfold.exam-1", "nailfold.figures-2", "nailfold.state-1")


def load_schema(name: str) -> dict[str, Any]:
    """The schema file `name`.schema.json of this folder, parsed.

    Raises:
        FileNotFoundError: there is no such schema.
    """
    schema: dict[str, Any] = json.loads((files(__name__) / f"{name}.schema.json").read_text("utf-8"))
    return schema


@cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    resources = [(f"{known}.schema.json", Resource.from_contents(load_schema(known))) for known in NAMES]
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
