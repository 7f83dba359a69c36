"""The record beside an installed pattern classifier: what it is, what it learnt from, how well it did."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.domain.counted import counted
from appliance.domain.errors import InferenceError
from appliance.domain.pattern import NailfoldPattern

SCHEMA = "nailfold.pattern/1"
RECORD_FILE, MODEL_FILE, TRUNK_FILE = "pattern.json", "pattern.onnx", "trunk.onnx"
_REMEDY = "Train it again with `nailfold train pattern`, or remove the folder."


@dataclass(frozen=True)
class PatternRecord:
    """What a classifier's own file says, checked.

    Attributes:
        level: "image" or "exam".
        method: in words.
        patterns: what the columns of its answer mean.
        feature_names: columns of the measured features; empty for one on the detector's trunk.
        medians, means, scales: float32 [columns], what its rows are prepared with.
        model, trunk: ONNX bytes that the record vouches for; `trunk` None for a classifier on measured features.
        model_id: "sha256:..." of the model.
        trained_on: in words.
        macro_f1: at exam level, with the ends of its 95 % interval.
    """

    level: str
    method: str
    patterns: tuple[NailfoldPattern, ...]
    feature_names: tuple[str, ...]
    medians: NDArray[np.float32]
    means: NDArray[np.float32]
    scales: NDArray[np.float32]
    model: bytes
    trunk: bytes | None
    model_id: str
    trained_on: str
    macro_f1: tuple[float, float, float]


def read_pattern_record(folder: Path) -> PatternRecord:
    """What lies in the folder of an installed classifier.

    Raises:
        InferenceError: a file is missing, unreadable, or not the one that the record vouches for.
    """
    try:
        record = json.loads((folder / RECORD_FILE).read_text())
        if record["schema"] != SCHEMA:
            raise InferenceError(f"{folder / RECORD_FILE} has the layout {record['schema']!r}", _REMEDY)
        return _from(record, folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InferenceError(f"the pattern classifier in {folder} cannot be used: {error!r}", _REMEDY) from error


def _from(record: dict[str, Any], folder: Path) -> PatternRecord:
    model = _vouched(folder / MODEL_FILE, record["model_sha256"])
    trunk_digest = record["trunk_sha256"]
    low_to_high = record["figures"]["exams"]["macro_f1"]
    return PatternRecord(
        level=record["level"],
        method=record["method"],
        patterns=tuple(NailfoldPattern(name) for name in record["patterns"]),
        feature_names=tuple(record["feature_names"]),
        medians=np.asarray(record["medians"], dtype=np.float32),
        means=np.asarray(record["means"], dtype=np.float32),
        scales=np.asarray(record["scales"], dtype=np.float32),
        model=model,
        trunk=None if trunk_digest is None else _vouched(folder / TRUNK_FILE, trunk_digest),
        model_id=f"sha256:{record['model_sha256']}",
        trained_on=f"{counted(record['data']['exams'], 'exam')} of {counted(record['data']['subjects'], 'patient')}",
        macro_f1=(low_to_high[0], low_to_high[1], low_to_high[2]),
    )


def _vouched(path: Path, digest: str) -> bytes:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise InferenceError(f"{path} is not the file that its record vouches for", _REMEDY)
    return content
