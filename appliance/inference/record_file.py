"""JSON records that vouch for plans and variants: read whole and of one schema, or refused with the remedy."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.domain.errors import InferenceError


@dataclass(frozen=True)
class RecordKind:
    """One kind of record and the words of its refusals.

    Attributes:
        name: of the record itself ("plan manifest").
        subject: of every file it vouches for, itself included ("TensorRT plan").
        schema: the value of its member "schema".
        remedy: what the operator can do.
    """

    name: str
    subject: str
    schema: str
    remedy: str

    def read_bytes(self, path: Path) -> bytes:
        """The file's content. Raises InferenceError where it cannot be read."""
        try:
            return path.read_bytes()
        except OSError as error:
            raise InferenceError(f"reading the {self.subject} {path} failed: {error}", self.remedy) from error

    def read_members(self, path: Path, names: set[str]) -> dict[str, Any]:
        """The record's members without its schema. Raises InferenceError where it is missing, damaged or another."""
        try:
            document: Any = json.loads(self.read_bytes(path))
        except ValueError as error:
            raise InferenceError(f"the {self.name} {path} is not JSON: {error}", self.remedy) from error
        if not isinstance(document, dict) or document.get("schema") != self.schema:
            raise self._is_another(path)
        del document["schema"]
        if document.keys() != names:
            raise self._is_another(path)
        return document

    def _is_another(self, path: Path) -> InferenceError:
        return InferenceError(f"{path} is not a {self.name} of schema {self.schema}", self.remedy)
