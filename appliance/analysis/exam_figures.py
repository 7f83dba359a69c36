"""All figures of a reviewed exam: of each image, sector and finger, and of the whole."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace

from appliance.analysis import uncertainty
from appliance.analysis.exam_scores import (
    NOT_RATED,
    FingerKey,
    csuri_of,
    loss_index_of,
    mes_of,
    nemo_of,
    patterns_of_exam,
)
from appliance.analysis.group_figures import (
    SCORES,
    abstaining,
    band_of,
    counts_of,
    group_figures,
    mean_score,
    widths_of,
)
from appliance.analysis.image_tally import ImageTally, tally
from appliance.analysis.seen_aside import with_seen
from appliance.domain.bands import DENSITY
from appliance.domain.exam import Exam, Finger, Hand, ImageKind, Placement, Sector
from appliance.domain.exam_figures import BY_THE_MACHINE, ExamFigures, Figure, Figures
from appliance.domain.exam_protocol import STANDARD_FINGERS
from appliance.domain.figure_definition import Extent
from appliance.domain.figure_definitions import figures_of
from appliance.domain.review import ReviewedExam, ReviewedImage
from appliance.domain.said_beside import THUMBS

PANORAMA_KEYS = figures_of(Extent.PICTURE)
IMAGE_KEYS = figures_of(Extent.STILL)
GROUP_KEYS = figures_of(Extent.FINGER)
EXAM_KEYS = figures_of(Extent.EXAM)


def exam_figures(reviewed: ReviewedExam, disorganisation: float | None = None) -> ExamFigures:
    """Every figure that can be computed, and for the others why not.

    Only stills that neither the machine nor a person found not evaluable enter sectors, fingers and exam; a panorama
    has figures of its own and never enters any other. The exam is the eight fingers of the standard: a thumb has
    figures of its own, and what it shows is said beside the exam's as seen and not counted.

    Args:
        reviewed: the exam with the physician's edits.
        disorganisation: the physician's 0-3 rating of the array, which no machine gives; None where not rated.
    """
    counted = [(image, tally(image)) for image in reviewed.images if image.enters]
    fingers = {key: _finger(reviewed, counted, key) for key in _fingers_of(reviewed.exam)}
    aside = [(image.image.placement, tally(image)) for image in reviewed.images if not image.enters]
    of_thumbs = [one for image, one in counted if not _is_standard(image)]
    sectors = {place: _sector(reviewed, counted, place) for place in _placements_of(reviewed.exam)}
    return ExamFigures(
        exam=with_seen(_exam(counted, fingers, disorganisation, reviewed), [*(one for _, one in aside), *of_thumbs]),
        fingers={
            key: with_seen(found, [one for place, one in aside if _finger_of(place) == key])
            for key, found in fingers.items()
        },
        sectors={
            place: with_seen(found, [one for at, one in aside if at == place]) for place, found in sectors.items()
        },
        images={
            image.image.image_id: with_seen(_image(image), [] if image.counts else [tally(image)])
            for image in reviewed.images
        },
    )


def _image(image: ReviewedImage) -> Figures:
    if image.image.kind is ImageKind.CLIP:
        return abstaining(IMAGE_KEYS, "clip")
    if not image.counts:
        return _excluded(IMAGE_KEYS, image)
    figures = group_figures([tally(image)])
    if image.enters:
        return _only(IMAGE_KEYS, figures)
    return {**abstaining(IMAGE_KEYS, "panorama"), **_only(PANORAMA_KEYS, figures)}


def _excluded(keys: Sequence[str], image: ReviewedImage) -> Figures:
    if image.not_evaluable_because is not None:
        return abstaining(keys, "excluded_by_physician", {"reason": image.not_evaluable_because})
    reasons = ", ".join(reason.value for reason in image.analysis.quality.reasons)
    return abstaining(keys, BY_THE_MACHINE, {"reason": reasons})


def _sector(reviewed: ReviewedExam, counted: Sequence[tuple[ReviewedImage, ImageTally]], place: Placement) -> Figures:
    tallies = [one for image, one in counted if image.image.placement == place]
    if tallies:
        return _only(GROUP_KEYS, group_figures(tallies))
    images = [image for image in reviewed.images if image.image.placement == place]
    return _without(images, [skip.reason for skip in reviewed.exam.skipped if skip.placement == place])


def _finger(reviewed: ReviewedExam, counted: Sequence[tuple[ReviewedImage, ImageTally]], key: FingerKey) -> Figures:
    tallies = [one for image, one in counted if _finger_of(image.image.placement) == key]
    if tallies:
        return _only(GROUP_KEYS, group_figures(tallies))
    images = [image for image in reviewed.images if _finger_of(image.image.placement) == key]
    return _without(images, [skip.reason for skip in reviewed.exam.skipped if _finger_of(skip.placement) == key])


def _without(images: Sequence[ReviewedImage], skip_reasons: Sequence[str]) -> Figures:
    """Of a place where no image counts."""
    single = [image for image in images if image.image.is_single]
    if len(single) == 1:
        return _excluded(GROUP_KEYS, single[0])
    if single:
        return abstaining(GROUP_KEYS, "no_evaluable_image", {"images": len(single)})
    if skip_reasons:
        return abstaining(GROUP_KEYS, "skipped", {"reason": "; ".join(dict.fromkeys(skip_reasons))})
    return abstaining(GROUP_KEYS, "only_panorama" if images else "no_images")


def _exam(
    counted: Sequence[tuple[ReviewedImage, ImageTally]],
    fingers: dict[FingerKey, Figures],
    disorganisation: float | None,
    reviewed: ReviewedExam,
) -> Figures:
    tallies = [one for image, one in counted if _is_standard(image)]
    of_all = {key: figures for key, figures in fingers.items() if figures["images_evaluable"].value is not None}
    present = {key: figures for key, figures in of_all.items() if key[1] in STANDARD_FINGERS}
    left_out = {THUMBS: len(of_all) - len(present)} if len(of_all) > len(present) else {}
    if not tallies:
        return abstaining(
            EXAM_KEYS, _nothing_counts(reviewed), {"images": len(reviewed.exam.single_images), **left_out}
        )
    density = _mean_of_fingers([figures["density_per_mm"] for figures in present.values()])
    scores = {key: mean_score([figures[key] for figures in present.values()], "fingers") for key in SCORES}
    rated = Figure(None, because=NOT_RATED) if disorganisation is None else Figure(disorganisation)
    found: Figures = {
        "density_per_mm": density,
        "density_band": band_of(density),
        **counts_of(tallies),
        **widths_of(tallies),
        "dilated_per_mm": _mean_of_fingers([figures["dilated_per_mm"] for figures in present.values()]),
        **scores,
        **patterns_of_exam(tallies, present),
        "fingers_evaluable": Figure(len(present)),
        "images_evaluable": Figure(len(tallies), basis={"images": len(reviewed.exam.single_images)}),
        "score_disorganisation": rated,
        "mes": mes_of(scores["score_loss"], rated, scores["score_ramified"]),
        "loss_index": loss_index_of(present),
        "csuri": csuri_of(tallies),
        "nemo": nemo_of(tallies, len(present)),
    }
    return {key: replace(found[key], basis={**found[key].basis, **left_out}) for key in EXAM_KEYS}


def _nothing_counts(reviewed: ReviewedExam) -> str:
    """Why no image enters the exam's figures."""
    if any(image.enters for image in reviewed.images):
        return "only_thumbs"
    if not reviewed.images:
        return "no_images"
    return "no_evaluable_image" if reviewed.exam.single_images else "only_panorama"


def _is_standard(image: ReviewedImage) -> bool:
    return image.image.finger in STANDARD_FINGERS


def _mean_of_fingers(of_fingers: Sequence[Figure]) -> Figure:
    known = [one for one in of_fingers if isinstance(one.value, float)]
    if not known:
        return Figure(None, because=of_fingers[0].because)
    off = uncertainty.of_mean([one.uncertainty or 0.0 for one in known])
    mean = statistics.fmean(float(one.value or 0) for one in known)
    return Figure(DENSITY.written(mean), off, None, {"fingers": len(known)})


def _only(keys: Iterable[str], figures: Figures) -> Figures:
    return {key: figures[key] for key in keys}


def _finger_of(place: Placement) -> FingerKey:
    return place.hand, place.finger


def _placements_of(exam: Exam) -> list[Placement]:
    places = {image.placement for image in exam.images} | {skip.placement for skip in exam.skipped}
    order = {place: index for index, place in enumerate(_every_placement())}
    return sorted(places, key=lambda place: order[place])


def _every_placement() -> list[Placement]:
    return [Placement(hand, finger, sector) for hand in Hand for finger in Finger for sector in Sector]


def _fingers_of(exam: Exam) -> list[FingerKey]:
    """The eight of the standard, and thumbs that were examined."""
    seen = {_finger_of(place) for place in _placements_of(exam)}
    return [
        (hand, finger) for hand in Hand for finger in Finger if finger in STANDARD_FINGERS or (hand, finger) in seen
    ]
