"""A still is shown in several views: what the views agree on stays, in the picture's own pixels."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.domain.detection import (
    BoundingBox,
    CapillaryDetection,
    Detections,
    HaemorrhageDetection,
    Morphology,
    SizeClass,
)
from appliance.inference.multi_view import VIEW_SCORE, VIEWS, MultiViewDetector, chance_of, for_one_view
from appliance.inference.settings import InferenceSettings

WIDTH, HEIGHT = 640, 480
LOOP = (300, 200, 40, 90)


class FindsTheDarkBlock:
    """Boxes what is darker than 100, with another score at each call; black pixels are a haemorrhage."""

    def __init__(self, *scores: float) -> None:
        self.calls = 0
        self._scores = scores

    def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
        score = self._scores[self.calls % len(self._scores)]
        self.calls += 1
        rows, columns = np.nonzero(image_rgb[:, :, 0] < 100)
        if not len(rows) or not score:
            return Detections()
        # From edge to edge, counted from the centre of the first pixel.
        corner = columns.min() - 0.5, rows.min() - 0.5
        box = BoundingBox(*(float(v) for v in (*corner, np.ptp(columns) + 1, np.ptp(rows) + 1)))
        if image_rgb[rows[0], columns[0], 0] == 0:
            return Detections((), (HaemorrhageDetection(box, score),))
        return Detections((CapillaryDetection(box, score, Morphology.TORTUOUS, SizeClass.ENLARGED),))


def picture(level: int = 50) -> NDArray[np.uint8]:
    image = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    x, y, w, h = LOOP
    image[y : y + h, x : x + w] = level
    return image


def views(detector: FindsTheDarkBlock) -> MultiViewDetector:
    return MultiViewDetector(detector, InferenceSettings())


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_every_view_brings_a_box_back_to_where_it_is(view: object) -> None:
    one = MultiViewDetector(FindsTheDarkBlock(0.9), InferenceSettings(), (view,))  # type: ignore[arg-type]
    (found,) = one.detect(picture()).capillaries
    assert (found.bbox.x, found.bbox.y, found.bbox.w, found.bbox.h) == pytest.approx((299.5, 199.5, 40, 90))
    assert (found.morphology, found.size_by_appearance) == (Morphology.TORTUOUS, SizeClass.ENLARGED)


def test_the_score_is_the_chance_that_the_mean_of_all_views_stands_for() -> None:
    detector = FindsTheDarkBlock(0.9, 0.7, 0.5, 0.3)
    (found,) = views(detector).detect(picture()).capillaries
    assert detector.calls == 4
    assert found.score == chance_of(0.6) > 0.6


def test_a_chance_rises_with_the_mean_and_stays_one() -> None:
    chances = [chance_of(mean) for mean in (0.0, 0.1, 0.28, 0.5, 0.9, 1.0)]
    assert chances == sorted(chances)
    assert chances[0] > 0
    assert chances[2] == pytest.approx(0.40, abs=0.01)
    assert chances[-1] < 1


def test_what_one_view_alone_is_sure_of_goes() -> None:
    assert views(FindsTheDarkBlock(0.95, 0.0, 0.0, 0.0)).detect(picture()).capillaries == ()


def test_haemorrhages_are_averaged_alike() -> None:
    (found,) = views(FindsTheDarkBlock(0.8, 0.8, 0.4, 0.4)).detect(picture(level=0)).haemorrhages
    assert found.score == pytest.approx(0.6)


def test_what_lies_beyond_the_border_of_a_smaller_view_is_no_loop() -> None:
    class FindsACorner(FindsTheDarkBlock):
        def detect(self, image_rgb: NDArray[np.uint8]) -> Detections:
            corner = CapillaryDetection(BoundingBox(0, 0, 30, 40), 0.9, Morphology.NORMAL, SizeClass.NORMAL)
            return Detections((corner,))

    smaller = tuple(view for view in VIEWS if view.scale < 1)
    assert MultiViewDetector(FindsACorner(0.9), InferenceSettings(), smaller).detect(picture()).capillaries == ()


def test_a_single_view_is_asked_for_more_than_counts_in_the_end() -> None:
    settings = InferenceSettings()
    asked = for_one_view(settings)
    assert asked.min_score_capillary < settings.min_score_capillary
    assert asked.min_score_haemorrhage < settings.min_score_haemorrhage


def test_what_a_view_gives_to_a_mean_hangs_on_no_threshold_of_the_still() -> None:
    lowest = InferenceSettings(min_score_capillary=0.01, min_score_haemorrhage=0.01)
    highest = InferenceSettings(min_score_capillary=0.01, min_score_haemorrhage=0.9)
    assert for_one_view(lowest) == replace(lowest, min_score_capillary=VIEW_SCORE, min_score_haemorrhage=VIEW_SCORE)
    assert for_one_view(highest) == for_one_view(lowest)
