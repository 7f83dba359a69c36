"""One finger of the report: its best picture, its figures, what was excluded and what a person changed."""

from appliance.analysis.exam_figures import GROUP_KEYS
from appliance.domain.exam import Finger, Hand, ImageKind
from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.review import ReviewedImage
from appliance.exports.report import terms
from appliance.exports.report.cells import cell, finger_name, note
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.material import Material, PictureSource
from appliance.exports.report.view import CompareRow, Fact, FingerPage, PictureView, ScoreView

BEST_PX, OTHER_PX = 1400, 640
ROWS = tuple(key for key in GROUP_KEYS if key not in ("density_band", "fast_track", "sub_pattern"))


def finger_page(
    localisation: Localisation, material: Material, key: tuple[Hand, Finger], verdict: ScoreView, picture: PictureSource
) -> FingerPage:
    """The page of one finger; `key` has at least one picture."""
    images = [one for one in material.reviewed.images if (one.image.hand, one.image.finger) == key]
    best = best_of(images)
    figures, machine = material.figures.fingers[key], material.machine.fingers[key]
    is_edited = any(one.is_edited or one.not_evaluable_because is not None for one in images)
    others = [one for one in images if one is not best and one.image.kind is not ImageKind.CLIP]
    return FingerPage(
        name=finger_name(localisation, *key),
        verdict=verdict,
        best=None
        if best is None
        else picture_of(localisation, best, material, picture(best.image.image_id, True, BEST_PX)),
        others=tuple(
            picture_of(localisation, one, material, picture(one.image.image_id, one.counts, OTHER_PX)) for one in others
        ),
        rows=tuple(_row(localisation, one, figures, machine, is_edited) for one in ROWS),
        excluded=tuple(
            Fact(_where(localisation, one), note(localisation, "images_evaluable", _why(material, one)))
            for one in images
            if one.image.kind is ImageKind.CLIP
        ),
        comments=(
            *(Fact(_where(localisation, one), one.comment) for one in images if one.comment),
            *(
                Fact(_where(localisation, one), _against(localisation, one))
                for one in images
                if one.against_measurement
            ),
        ),
        is_edited=is_edited,
    )


def _against(localisation: Localisation, one: ReviewedImage) -> str:
    return localisation("loops classed against their measured diameter: {count}", count=str(one.against_measurement))


def best_of(images: list[ReviewedImage]) -> ReviewedImage | None:
    """The sharpest still that counts."""
    counting = [one for one in images if one.enters]
    return max(counting, key=lambda one: one.analysis.quality.focus, default=None)


def _row(localisation: Localisation, key: str, figures: Figures, machine: Figures, is_edited: bool) -> CompareRow:
    after, before = cell(localisation, key, figures[key]), cell(localisation, key, machine[key])
    return CompareRow(after, before if is_edited and before != after else None)


def picture_of(localisation: Localisation, one: ReviewedImage, material: Material, source: str) -> PictureView:
    """A picture with its place, its time and its density, or why it has none."""
    figure = material.figures.images[one.image.image_id]["density_per_mm"]
    density = cell(localisation, "density_per_mm", figure)
    said = density.note if density.is_missing else f"{density.value} {density.unit} {density.off}"
    return PictureView(source, _where(localisation, one), said, one.is_edited)


def _where(localisation: Localisation, one: ReviewedImage) -> str:
    sector = localisation(terms.SECTORS[one.image.sector.value])
    return f"{sector}, {localisation.time(one.image.captured_at_utc)}"


def _why(material: Material, one: ReviewedImage) -> Figure:
    return material.figures.images[one.image.image_id]["density_per_mm"]
