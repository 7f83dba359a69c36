"""Which weights this software trusts: engines/weights/manifest.json, checked before a byte of them is used.

Beside it lies layers.json: networks whose answers are shown on request and never measured. They have a file of their
own since a fleet's bundle of networks need not bring them, and nothing that compiles or judges networks waits for them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.domain.errors import InferenceError
from appliance.inference.manifest_fields import read_entry_fields
from appliance.inference.tensors import Signature, TensorSpec

SCHEMA, LAYERS_SCHEMA = "nailfold.engines/1", "nailfold.layers/1"
ROLES = ("detector", "keypoints")
LAYERS = ("vessels",)
REINSTALL = "Install the software again; do not exchange weights by hand."


@dataclass(frozen=True)
class EngineEntry:
    """What the manifest says of one network.

    Attributes:
        role: "detector", "keypoints", or a layer: "vessels".
        path: the ONNX file.
        sha256: hex digest that the file must have.
        input, outputs: its tensors.
        classes, sizes: meaning of the score columns (detector alone, else empty).
        crop_px: side of its crops (keypoints alone).
        training: how it was made, as the training wrote it.
    """

    role: str
    path: Path
    sha256: str
    input: TensorSpec
    outputs: tuple[TensorSpec, ...]
    classes: tuple[str, ...]
    sizes: tuple[str, ...]
    crop_px: int | None
    training: Mapping[str, Any]

    @property
    def signature(self) -> Signature:
        """Its inputs and outputs."""
        return Signature((self.input,), self.outputs)

    def read_verified(self) -> bytes:
        """The ONNX file's bytes, after their digest was compared: what is loaded is what was checked.

        Raises:
            InferenceError: the file is missing, unreadable, or another one.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise InferenceError(f"reading the {self.role} weights {self.path} failed: {error}", REINSTALL) from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            raise InferenceError(
                f"the {self.role} weights {self.path} have SHA-256 {digest}, the manifest vouches for {self.sha256}",
                REINSTALL,
            )
        return content


@dataclass(frozen=True)
class EngineManifest:
    """All networks of one folder."""

    path: Path
    engines: Mapping[str, EngineEntry]

    def engine(self, role: str) -> EngineEntry:
        """The entry of a role. Raises InferenceError where the manifest has none."""
        if role not in self.engines:
            raise InferenceError(f'{self.path} vouches for no "{role}" network', REINSTALL)
        return self.engines[role]


def read_manifest(weights_dir: Path) -> EngineManifest:
    """The manifest of a weights folder.

    Raises:
        InferenceError: missing, not JSON, of an unknown schema, or with a field that is absent, unknown or malformed.
    """
    path = weights_dir / "manifest.json"
    document = _read_json(path)
    if document.get("schema") != SCHEMA:
        raise InferenceError(f'{path} has schema "{document.get("schema")}", this software reads {SCHEMA}', REINSTALL)
    engines = document.get("engines")
    if document.keys() != {"schema", "engines"} or not isinstance(engines, dict) or set(engines) != set(ROLES):
        raise InferenceError(f"{path} does not list exactly the networks {' and '.join(ROLES)}", REINSTALL)
    return EngineManifest(path, {role: _entry(weights_dir, role, engines[role], path) for role in ROLES})


def read_layers(weights_dir: Path) -> EngineManifest:
    """The networks of a weights folder that are only shown; none where it has no layers.json.

    Raises:
        InferenceError: as read_manifest.
    """
    path = weights_dir / "layers.json"
    if not path.exists():
        return EngineManifest(path, {})
    document = _read_json(path)
    layers = document.get("layers")
    if document.get("schema") != LAYERS_SCHEMA or not isinstance(layers, dict) or not set(layers) <= set(LAYERS):
        raise InferenceError(f"{path} does not list layers that this software shows: {', '.join(LAYERS)}", REINSTALL)
    return EngineManifest(path, {role: _entry(weights_dir, role, raw, path) for role, raw in layers.items()})


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InferenceError(f"reading the engine manifest {path} failed: {error}", REINSTALL) from error
    except ValueError as error:
        raise InferenceError(f"the engine manifest {path} is not JSON: {error}", REINSTALL) from error
    if not isinstance(document, dict):
        raise InferenceError(f"the engine manifest {path} is not a JSON object", REINSTALL)
    return document


def _entry(weights_dir: Path, role: str, raw: Any, manifest: Path) -> EngineEntry:
    try:
        fields = read_entry_fields(role, raw)
    except ValueError as error:
        list_name = "layers" if role in LAYERS else "engines"
        raise InferenceError(f"{manifest}: {list_name}.{role}: {error}", REINSTALL) from error
    return EngineEntry(role=role, path=weights_dir / fields.pop("file"), **fields)
