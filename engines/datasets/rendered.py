"""The renderer's truth as labels.

Seeds: trainings render from 1,000,000 upwards (engines.training.cache), their score calibration from 400,000 and
engines.evaluation.synthetic from 500,000. Rendered data sets take 600,000 to 999,999, ten thousand a set.
"""

from appliance.domain.errors import SettingsError
from appliance.domain.keypoints import LoopKeypoints, Point, WidthSegment
from engines.datasets.labels import EDGE_TO_CENTRE, Box, Label, LabelledImage, LabelledSet, Standing
from engines.synthetic.truth import HaemorrhageTruth, LoopTruth, RenderedImage, Segment

FIRST_SEED = 600_000
IMAGES_PER_SET = 10_000
SETS = 40
CATEGORIES = ("normal", "tortuous", "ramified", "giant", "haemorrhage")


def render_seeds(dataset_seed: int, count: int) -> range:
    """The renderer's seeds of a data set; different sets share none, and no training uses any.

    Raises:
        SettingsError: beyond the seeds that are kept for this.
    """
    if not 0 <= dataset_seed < SETS:
        raise SettingsError(f"the seed of the data set is {dataset_seed}", f"Use one from 0 to {SETS - 1}.")
    if not 1 <= count <= IMAGES_PER_SET:
        raise SettingsError(f"{count} images were asked for", f"Use a number from 1 to {IMAGES_PER_SET:,}.")
    first = FIRST_SEED + dataset_seed * IMAGES_PER_SET
    return range(first, first + count)


def labelled_set(images: list[LabelledImage]) -> LabelledSet:
    """Rendered images under the product's own five names."""
    return LabelledSet(tuple(images), CATEGORIES)


def label_rendered(rendered: RenderedImage, file_name: str) -> LabelledImage:
    """Everything that is true of a rendered image and that a label can hold."""
    height, width = rendered.image_rgb.shape[:2]
    return LabelledImage(
        file_name=file_name,
        width_px=int(width),
        height_px=int(height),
        labels=(*map(_loop, rendered.loops), *map(_haemorrhage, rendered.haemorrhages)),
        um_per_px=rendered.um_per_px,
        density_per_mm=rendered.density_per_mm,
    )


def _loop(truth: LoopTruth) -> Label:
    widths = LoopKeypoints(_segment(truth.apical_px), _segment(truth.arterial_px), _segment(truth.venous_px))
    return Label(truth.morphology.value, _box(truth.bbox_px), widths, truth.size, _standing(truth.is_ignored))


def _haemorrhage(truth: HaemorrhageTruth) -> Label:
    return Label("haemorrhage", _box(truth.bbox_px), standing=_standing(truth.is_ignored))


def _standing(is_ignored: bool) -> Standing:
    return Standing.IGNORED if is_ignored else Standing.TARGET


def _box(box: Box) -> Box:
    return box[0] - EDGE_TO_CENTRE, box[1] - EDGE_TO_CENTRE, box[2], box[3]


def _segment(segment: Segment | None) -> WidthSegment | None:
    return None if segment is None else WidthSegment(_point(segment[0]), _point(segment[1]))


def _point(point: Point) -> Point:
    return point[0] - EDGE_TO_CENTRE, point[1] - EDGE_TO_CENTRE
