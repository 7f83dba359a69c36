"""The renderer's truth as labels, on seeds of its own."""

import pytest

from appliance.domain.errors import SettingsError
from engines.datasets.labels import Standing
from engines.datasets.rendered import IMAGES_PER_SET, SETS, label_rendered, render_seeds
from engines.evaluation import synthetic
from engines.synthetic.render import render
from engines.training import calibration
from engines.training.cache import SEEDS_PER_CACHE

LARGEST_EVALUATION = 50_000
"""Far more images than engines.evaluation.synthetic or the score calibration draw."""


def test_no_training_calibration_or_evaluation_draws_the_same_pictures() -> None:
    first, last = render_seeds(0, 1)[0], render_seeds(SETS - 1, IMAGES_PER_SET)[-1]
    assert last < SEEDS_PER_CACHE
    for others in (synthetic.FIRST_SEED, calibration.FIRST_SEED):
        assert others + LARGEST_EVALUATION < first


def test_sets_share_no_picture() -> None:
    assert render_seeds(3, IMAGES_PER_SET)[-1] < render_seeds(4, 1)[0]


@pytest.mark.parametrize(("seed", "count"), [(-1, 1), (SETS, 1), (0, 0), (0, IMAGES_PER_SET + 1)])
def test_numbers_beyond_the_kept_seeds_are_refused(seed: int, count: int) -> None:
    with pytest.raises(SettingsError):
        render_seeds(seed, count)


def test_the_truth_is_kept_whole() -> None:
    rendered = render(600_001)
    image = label_rendered(rendered, "a.png")
    assert (image.width_px, image.height_px) == (640, 480)
    assert (image.um_per_px, image.density_per_mm) == (rendered.um_per_px, rendered.density_per_mm)
    assert len(image.labels) == len(rendered.loops) + len(rendered.haemorrhages)
    for label, truth in zip(image.labels, rendered.loops, strict=False):
        assert label.bbox == (truth.bbox_px[0] + 0.5, truth.bbox_px[1] + 0.5, *truth.bbox_px[2:])
        assert (label.category, label.size) == (truth.morphology.value, truth.size)
        assert (label.standing is Standing.IGNORED) == truth.is_ignored
        assert ("apical" in label.segments()) == (truth.apical_px is not None)
        if truth.apical_px is not None:
            apical = label.segments()["apical"]
            assert apical.start_px == (truth.apical_px[0][0] + 0.5, truth.apical_px[0][1] + 0.5)
        assert ("venous" in label.segments()) == (truth.venous_px is not None)
