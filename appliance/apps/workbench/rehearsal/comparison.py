"""How far a finished exam's figures lie from what the simulated capillaroscope really showed."""

from dataclasses import dataclass

from appliance.analysis.exam_figures import exam_figures
from appliance.apps.archive.data_folder import DataFolder
from appliance.apps.workbench.rehearsal.scene_truth import DatedStill, true_metrics, truths_of
from appliance.domain.errors import ExportError
from appliance.domain.exam import ImageKind
from appliance.domain.exam_figures import Figures
from appliance.domain.review import ReviewedImage
from appliance.storage.still_encoder import decode_picture
from engines.synthetic.live import ChangingPlaces


@dataclass(frozen=True)
class Comparison:
    """One figure of the whole exam beside its truth, in the figure's unit.

    Attributes:
        stated_error: the figure's own uncertainty, half the width of its 95 % interval.
    """

    found: float
    truth: float
    stated_error: float

    @property
    def error(self) -> float:
        return self.found - self.truth

    @property
    def is_within(self) -> bool:
        return abs(self.error) <= self.stated_error


@dataclass(frozen=True)
class ExamAgainstTruth:
    """The exam's totals.

    Attributes:
        stills: how many entered the figures; the truth is of the very same ones.
        capillaries: distal loops counted, and how many there were.
    """

    stills: int
    density_per_mm: Comparison
    mean_apical_um: Comparison
    capillaries: tuple[int, int]


def compare_with_truth(folder: DataFolder, exam_id: str, scene: ChangingPlaces, running_s: float) -> ExamAgainstTruth:
    """The exam's density and mean apical width beside the truth, by the same measuring rules.

    Raises:
        ExportError: the exam has no such figure, or its stills are not of this scene.
    """
    reviewed = folder.reviews.reviewed(exam_id)
    images = [one for one in reviewed.images if one.counts and one.image.kind is ImageKind.STILL]
    if not images:
        raise ExportError("no still of the rehearsed exam counts", "Look at the exam's page for the reasons.")
    stills = [_still(folder, exam_id, one) for one in images]
    order = sorted(range(len(stills)), key=lambda at: stills[at].captured_at_utc)
    stills = [stills[at] for at in order]
    loops, row_mm, widths_um = 0, 0.0, []
    for still, truth in zip(stills, truths_of(stills, scene, running_s), strict=True):
        metrics, apical_um = true_metrics(truth, still.image_rgb, still.captured_at_utc)
        loops += metrics.capillaries_distal
        row_mm += metrics.distal_row_mm or 0.0
        widths_um += apical_um
    found = exam_figures(reviewed).exam
    return ExamAgainstTruth(
        stills=len(stills),
        density_per_mm=_comparison(found, "density_per_mm", loops / row_mm),
        mean_apical_um=_comparison(found, "mean_apical_um", sum(widths_um) / len(widths_um)),
        capillaries=(sum(one.analysis.metrics.capillaries_distal for one in images), loops),
    )


def _comparison(found: Figures, key: str, truth: float) -> Comparison:
    figure = found[key]
    if not isinstance(figure.value, int | float) or figure.uncertainty is None:
        raise ExportError(f"the rehearsed exam has no {key} with an uncertainty: {figure.because}", "See its page.")
    return Comparison(float(figure.value), truth, figure.uncertainty)


def _still(folder: DataFolder, exam_id: str, one: ReviewedImage) -> DatedStill:
    png = folder.storage.exams.read_png(exam_id, one.image.image_id)
    return DatedStill(decode_picture(png, one.image.file_name), one.image.captured_at_utc)
