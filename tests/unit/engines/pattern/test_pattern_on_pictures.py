"""From pictures to advice, with the renderer's nailfolds and the shipped detector's trunk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from appliance.analysis.pattern_features import FEATURE_NAMES, pattern_features
from appliance.analysis.pipeline import Pipeline
from appliance.domain.errors import InferenceError
from appliance.domain.pattern import NailfoldPattern
from appliance.inference.engine_set import load_engine_set
from appliance.inference.pattern_classifier import load_classifier
from appliance.inference.settings import InferenceSettings
from appliance.inference.trunk_embedding import TrunkEmbedding
from engines.pattern.classifiers import Columns
from engines.pattern.rendered import rendered_samples
from engines.pattern.ship import pattern_files
from engines.pattern.study import Study, run_study
from engines.pattern.table import PatternSample, image_tables
from engines.pattern.trunk import trunk_onnx

pytest.importorskip("sklearn", reason="needs the pattern extra")
pytest.importorskip("skl2onnx", reason="needs the pattern extra")
pytest.importorskip("mahotas", reason="needs the pattern extra")

WEIGHTS = Path(__file__).parents[4] / "engines" / "weights"


@pytest.fixture(scope="module")
def samples() -> list[PatternSample]:
    pipeline = Pipeline(load_engine_set(InferenceSettings(weights_dir=WEIGHTS), "test"))
    return list(rendered_samples(20, 1, pipeline))


@pytest.fixture(scope="module")
def trunk() -> bytes:
    return trunk_onnx(WEIGHTS / "detector.onnx")


def test_features_are_finite_where_measurable_and_blind_to_nothing_else(samples: list[PatternSample]) -> None:
    row = pattern_features(samples[0].image_rgb, samples[0].analysis)
    assert row.shape == (len(FEATURE_NAMES),)
    nowhere = replace(samples[0].analysis.metrics, density_per_mm=None, capillaries_total=0)
    blank = pattern_features(samples[0].image_rgb, replace(samples[0].analysis, metrics=nowhere))
    assert [FEATURE_NAMES[i] for i in np.flatnonzero(np.isnan(blank) & ~np.isnan(row))] == [
        "density_per_mm", "share_tortuous", "share_ramified", "share_giant", "share_enlarged",
    ]  # fmt: skip


def test_trunk_sees_the_same_in_any_size_of_picture(samples: list[PatternSample], trunk: bytes) -> None:
    embedding = TrunkEmbedding(trunk)
    image = samples[0].image_rgb
    twice = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
    np.testing.assert_allclose(embedding.embed(twice), embedding.embed(image), atol=1e-3)
    other = embedding.embed(samples[3].image_rgb)
    assert np.abs(other - embedding.embed(image)).max() > 0.1


def test_network_without_coarse_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InferenceError, match="stride"):
        trunk_onnx(WEIGHTS / "keypoints.onnx")


@pytest.fixture(scope="module")
def study(samples: list[PatternSample], trunk: bytes) -> Study:
    return run_study(*image_tables(samples, TrunkEmbedding(trunk)))


@pytest.mark.parametrize("columns", list(Columns))
def test_advice_of_an_installed_study(
    study: Study, samples: list[PatternSample], trunk: bytes, tmp_path: Path, columns: Columns
) -> None:
    chosen = next(found for found in study.contestants if found.candidate.columns is columns)
    for name, content in pattern_files(study, chosen, trunk).items():
        (tmp_path / name).write_bytes(content)
    advisor = load_classifier(tmp_path)
    assert advisor is not None
    advice = advisor.advise([(sample.image_rgb, sample.analysis) for sample in samples[:1]])
    assert sum(advice.probabilities.values()) == pytest.approx(1.0, abs=1e-3)
    assert set(advice.probabilities) <= set(NailfoldPattern)
    assert advice.trained_on == "20 exams of 20 patients"
    with pytest.raises(InferenceError, match="no evaluable image"):
        advisor.advise([])
