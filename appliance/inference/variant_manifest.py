"""The paper that travels with a network derived from a shipped one, and the guard that reads it.

A variant (say, the detector in int8 for ONNX Runtime) lies beside the plans, `detector.int8-onnxruntime.onnx` and the
record `detector.int8-onnxruntime.json`. A record exists only if the variant passed the gate of accuracy.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from appliance.domain.errors import InferenceError
from appliance.durable_files import write_durably
from appliance.inference.manifest import EngineEntry
from appliance.inference.record_file import RecordKind

SCHEMA = "nailfold.variant/1"
TARGETS = ("onnxruntime", "tensorrt")
REQUANTISE = 'Run "nailfold engines quantize" on this box.'
_RECORD = RecordKind("variant's record", "variant", SCHEMA, REQUANTISE)


@dataclass(frozen=True)
class VariantRecord:
    """Where a variant comes from and what it was accepted on.

    Attributes:
        role: "detector" or "keypoints".
        precision: "int8" or "fp16".
        target: the runtime it is meant for, of TARGETS.
        source_sha256: hex digest of the shipped ONNX that it was derived from.
        sha256: hex digest of the variant; in fp16, which TensorRT's build casts itself, the shipped ONNX's.
        gate: images, seeds, limits and the figures of both, as the gate wrote them.
        calibration: images and seeds that its scales come from; empty in fp16.
        made_with: versions of the libraries.
        made_at: UTC, ISO 8601.
    """

    role: str
    precision: str
    target: str
    source_sha256: str
    sha256: str
    gate: Mapping[str, Any]
    calibration: Mapping[str, Any]
    made_with: Mapping[str, str]
    made_at: str

    def write(self, folder: Path) -> Path:
        """Keep it as JSON; the file appears whole or not at all."""
        path = variant_paths(folder, self.role, self.precision, self.target)[1]
        text = json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2) + "\n"
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(path, text.encode())
        return path


def variant_paths(folder: Path, role: str, precision: str, target: str) -> tuple[Path, Path]:
    """Where a variant's network and its record lie in the engine cache."""
    name = f"{role}.{precision}-{target}"
    return folder / f"{name}.onnx", folder / f"{name}.json"


def read_record(entry: EngineEntry, folder: Path, precision: str, target: str) -> VariantRecord:
    """The record of a variant, if it was derived from this very network.

    Raises:
        InferenceError: naming what is missing, damaged or does not fit.
    """
    path = variant_paths(folder, entry.role, precision, target)[1]
    record = VariantRecord(**_RECORD.read_members(path, set(VariantRecord.__dataclass_fields__)))
    _require(path, "role", record.role, entry.role)
    _require(path, "precision", record.precision, precision)
    _require(path, "runtime", record.target, target)
    _require(path, "weights (SHA-256)", record.source_sha256, entry.sha256)
    return record


def derived_entry(entry: EngineEntry, folder: Path, precision: str, target: str) -> EngineEntry:
    """The manifest's entry with the variant's file and digest in place of the shipped ones.

    Raises:
        InferenceError: there is no such variant, it was derived from other weights, or its bytes are others.
    """
    record = read_record(entry, folder, precision, target)
    path = variant_paths(folder, entry.role, precision, target)[0]
    _require(path, "content (SHA-256)", record.sha256, hashlib.sha256(_RECORD.read_bytes(path)).hexdigest())
    return replace(entry, path=path, sha256=record.sha256)


def _require(path: Path, what: str, recorded: str, here: str) -> None:
    if recorded != here:
        raise InferenceError(f"{path} was accepted for {what} {recorded}, here it is {here}", REQUANTISE)
