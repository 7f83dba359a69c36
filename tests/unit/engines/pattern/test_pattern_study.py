"""A study on exams whose patterns can, and cannot, be told apart."""

import json
from pathlib import Path

import numpy as np
import pytest

from appliance.analysis.pattern_features import FEATURE_NAMES, exam_row
from appliance.domain.errors import InferenceError
from appliance.domain.pattern import NailfoldPattern
from appliance.inference.pattern_classifier import PatternClassifier, load_classifier
from appliance.inference.pattern_record import MODEL_FILE, RECORD_FILE, read_pattern_record
from engines.pattern.classifiers import Candidate, Columns, Level, Preparation, candidates
from engines.pattern.cross_validation import held_out_probabilities, score
from engines.pattern.report import study_text
from engines.pattern.ship import pattern_files, study_document
from engines.pattern.study import Study, run_study
from engines.pattern.table import FeatureTable, exam_table
from engines.pattern.to_onnx import classifier_onnx

pytest.importorskip("sklearn", reason="needs the pattern extra")
pytest.importorskip("skl2onnx", reason="needs the pattern extra")
pytest.importorskip("mahotas", reason="needs the pattern extra")

PATTERNS = (NailfoldPattern.NORMAL, NailfoldPattern.ACTIVE)


def table(distance: float, subjects: int = 24, columns: int = len(FEATURE_NAMES), images: int = 2) -> FeatureTable:
    """Two patterns `distance` standard deviations apart in every third column; some cells not measurable."""
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(subjects) % 2, images).astype(np.int64)
    features = rng.normal(size=(len(labels), columns)).astype(np.float32)
    features[:, ::3] += distance * labels[:, None]
    features[rng.random(features.shape) < 0.05] = np.nan
    names = np.repeat([f"p{number}" for number in range(subjects)], images)
    return FeatureTable(features, labels, names, np.char.add(names, "-exam"), PATTERNS)


@pytest.fixture(scope="module")
def study() -> Study:
    return run_study(table(2.0), table(0.0, columns=16))


def test_patterns_that_differ_are_told_apart_and_those_that_do_not_are_not(study: Study) -> None:
    by_columns = {
        columns: [found.exams.macro_auc[0] for found in study.contestants if found.candidate.columns is columns]
        for columns in Columns
    }
    assert min(by_columns[Columns.MEASURED]) > 0.75
    assert max(by_columns[Columns.TRUNK]) < 0.7


def test_all_seven_run_on_both_levels_best_first(study: Study) -> None:
    assert {(found.candidate.name, found.level) for found in study.contestants} == {
        (candidate.name, level) for candidate in candidates() for level in Level
    }
    f1 = [found.exams.macro_f1[0] for found in study.contestants]
    assert f1 == sorted(f1, reverse=True)
    assert all(
        found.exams.macro_f1[1] <= found.exams.macro_f1[0] <= found.exams.macro_f1[2] for found in study.contestants
    )


def test_text_and_document_tell_the_same(study: Study) -> None:
    text, document = study_text(study), study_document(study)
    assert "24 exams of 24 patients" in text
    assert document["data"] == {"subjects": 24, "exams": 24, "exams_by_pattern": {"normal": 12, "active": 12}}
    assert f"{document['contestants'][0]['figures']['exams']['macro_f1'][0]:.2f}" in text
    json.dumps(document)


def test_a_patient_is_never_on_both_sides_of_a_fold() -> None:
    # Noise that is the same in all of a patient's images: a split by image would recognise the patient.
    rng = np.random.default_rng(1)
    subjects = np.repeat([f"p{number}" for number in range(24)], 6)
    own = rng.normal(size=(24, 40)).astype(np.float32)
    labels = np.repeat(np.arange(24) % 2, 6).astype(np.int64)
    known = FeatureTable(np.repeat(own, 6, axis=0), labels, subjects, subjects, PATTERNS)
    nearest = next(found for found in candidates() if found.name.startswith("k-nearest"))
    accuracy = score(labels, held_out_probabilities(known, nearest), subjects).accuracy[0]
    assert accuracy < 0.8


@pytest.mark.parametrize("subjects", [1, 2, 9])
def test_too_few_patients_are_refused_with_the_number(subjects: int) -> None:
    few = table(2.0, subjects=subjects)
    with pytest.raises(InferenceError, match="too few patients"):
        few.require_trainable()


def test_scores_of_a_hand_worked_table() -> None:
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])
    found = score(labels, probabilities, np.array(["a", "b", "c", "d"]))
    assert found.accuracy[0] == 0.75
    # normal: precision 1, recall 1/2, F1 2/3; active: precision 2/3, recall 1, F1 4/5.
    assert found.macro_f1[0] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert found.macro_auc[0] == 1.0
    assert found.confusion.tolist() == [[1, 1], [0, 2]]


def test_exam_row_leaves_out_what_was_not_measurable() -> None:
    rows = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]], dtype=np.float32)
    np.testing.assert_array_equal(exam_row(rows), np.array([2.0, 5.0, np.nan, 3.0, 5.0, np.nan], dtype=np.float32))


@pytest.mark.parametrize("candidate", candidates(), ids=lambda candidate: candidate.name)
def test_every_classifier_survives_the_way_into_onnx(candidate: Candidate) -> None:
    rows = table(1.0)
    prepared = Preparation.of(rows.features).apply(rows.features)
    assert classifier_onnx(candidate.make().fit(prepared, rows.labels), prepared)


@pytest.mark.parametrize("level", list(Level))
def test_installed_classifier_says_what_the_trained_one_said(study: Study, tmp_path: Path, level: Level) -> None:
    chosen = next(f for f in study.contestants if f.level is level and f.candidate.name == "logistic regression")
    for name, content in pattern_files(study, chosen, b"").items():
        (tmp_path / name).write_bytes(content)
    advisor = load_classifier(tmp_path)
    assert advisor is not None
    rows = study.tables[Columns.MEASURED, level]
    fitted = chosen.candidate.make().fit(Preparation.of(rows.features).apply(rows.features), rows.labels)
    expected = fitted.predict_proba(Preparation.of(rows.features).apply(rows.features))
    np.testing.assert_allclose(advisor.probabilities(rows.features), expected, atol=1e-4)


def test_no_classifier_installed_is_none_and_a_changed_one_is_refused(study: Study, tmp_path: Path) -> None:
    assert load_classifier(tmp_path) is None
    for name, content in pattern_files(study, study.best, b"").items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / MODEL_FILE).write_bytes((tmp_path / MODEL_FILE).read_bytes() + b"\0")
    with pytest.raises(InferenceError, match="vouches"):
        load_classifier(tmp_path)


def test_classifier_for_other_features_is_refused(study: Study, tmp_path: Path) -> None:
    chosen = next(found for found in study.contestants if found.candidate.columns is Columns.MEASURED)
    for name, content in pattern_files(study, chosen, b"").items():
        (tmp_path / name).write_bytes(content)
    record = json.loads((tmp_path / RECORD_FILE).read_text())
    record["feature_names"] = record["feature_names"][1:]
    (tmp_path / RECORD_FILE).write_text(json.dumps(record))
    with pytest.raises(InferenceError, match="other features"):
        PatternClassifier(read_pattern_record(tmp_path))


def test_exams_of_one_patient_stay_apart_in_the_exam_table() -> None:
    images = table(1.0, subjects=6)
    assert len(exam_table(images).labels) == 6
