"""The best classifier of a study, fitted on every exam, as the files that a box installs."""

import hashlib
import json
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

import numpy as np

from appliance.analysis.pattern_features import FEATURE_NAMES
from appliance.inference.pattern_record import MODEL_FILE, RECORD_FILE, SCHEMA, TRUNK_FILE
from engines.pattern.classifiers import SEED, Columns, Preparation
from engines.pattern.cross_validation import PatternScores
from engines.pattern.study import Contestant, Study
from engines.pattern.table import FeatureTable
from engines.pattern.to_onnx import classifier_onnx


def pattern_files(study: Study, chosen: Contestant, trunk: bytes) -> dict[str, bytes]:
    """File name to content of an installable classifier.

    Args:
        chosen: of the study's contestants; `study.best` unless the physician prefers another.
        trunk: from `engines.pattern.trunk`; becomes part of it where the classifier learnt from it.

    Raises:
        InferenceError: the ONNX form differs from the classifier.
    """
    table = study.tables[chosen.candidate.columns, chosen.level]
    preparation = Preparation.of(table.features)
    prepared = preparation.apply(table.features)
    model = classifier_onnx(chosen.candidate.make().fit(prepared, table.labels), prepared)
    uses_trunk = chosen.candidate.columns is Columns.TRUNK
    record = {
        "schema": SCHEMA,
        "method": chosen.candidate.name,
        "level": chosen.level.value,
        "patterns": [pattern.value for pattern in table.patterns],
        "feature_names": [] if uses_trunk else list(FEATURE_NAMES),
        "medians": preparation.medians.tolist(),
        "means": preparation.means.tolist(),
        "scales": preparation.scales.tolist(),
        "model_sha256": hashlib.sha256(model).hexdigest(),
        "trunk_sha256": hashlib.sha256(trunk).hexdigest() if uses_trunk else None,
        "figures": figures(chosen),
        "data": data(table),
        "seed": SEED,
        "software": version("nailfold-appliance"),
        "made_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    files = {MODEL_FILE: model, RECORD_FILE: json.dumps(record, indent=2).encode()}
    return files | ({TRUNK_FILE: trunk} if uses_trunk else {})


def study_document(study: Study) -> dict[str, Any]:
    """Every contestant's figures, for a file."""
    return {
        "schema": "nailfold.pattern-study/1",
        "patterns": [pattern.value for pattern in study.best_table.patterns],
        "data": data(study.best_table),
        "contestants": [
            {"method": found.candidate.name, "level": found.level.value, "figures": figures(found)}
            for found in study.contestants
        ],
    }


def figures(found: Contestant) -> dict[str, Any]:
    """Accuracy, F1 and AUC with their intervals, per image where there are such, and per exam."""
    return {"images": None if found.images is None else _scores(found.images), "exams": _scores(found.exams)}


def data(table: FeatureTable) -> dict[str, Any]:
    """How much it was learnt from."""
    exams, first = np.unique(table.exams, return_index=True)
    labels = table.labels[first]
    return {
        "subjects": len(set(table.subjects)),
        "exams": len(exams),
        "exams_by_pattern": {p.value: int((labels == index).sum()) for index, p in enumerate(table.patterns)},
    }


def _scores(scores: PatternScores) -> dict[str, Any]:
    return {
        "accuracy": scores.accuracy,
        "macro_f1": scores.macro_f1,
        "macro_auc": scores.macro_auc,
        "confusion": scores.confusion.tolist(),
    }
