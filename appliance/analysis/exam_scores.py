"""Scores that only a whole exam has: MES, loss index, CSURI, NEMO and the exam's own category."""

from collections.abc import Mapping, Sequence

from appliance.analysis import uncertainty
from appliance.analysis.density import NO_CALIBRATION, NO_DISTAL_ROW
from appliance.analysis.group_figures import NO_WIDTHS
from appliance.analysis.image_pattern import gravest_of
from appliance.analysis.image_tally import ImageTally
from appliance.domain.bands import CSURI, LOSS_INDEX
from appliance.domain.exam import Finger, Hand
from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.scores import (
    CSURI_WIDTH_MM,
    CSURI_WIDTH_SHARE,
    MIN_FINGERS_FOR_NEGATIVE,
    STANDARD_COUNT,
    csuri,
)

NO_GIANTS = "no_giants"
UNCONFIRMED_GIANTS = "unconfirmed_giants"
NOT_RATED = "disorganisation_not_rated"
TOO_FEW_FINGERS = "too_few_fingers"

FingerKey = tuple[Hand, Finger]


def mes_of(loss: Figure, disorganisation: Figure, ramified: Figure) -> Figure:
    """Loss, disorganisation and ramification, 0 to 9; the second is rated by the physician, never by the machine."""
    parts = {"score_loss": loss, "score_disorganisation": disorganisation, "score_ramified": ramified}
    known = {key: float(part.value) for key, part in parts.items() if isinstance(part.value, int | float)}
    if len(known) < len(parts):
        missing = next(part for part in parts.values() if part.value is None)
        return Figure(None, because=missing.because, basis={key: round(value, 2) for key, value in known.items()})
    return Figure(sum(known.values()), basis={key: round(value, 2) for key, value in known.items()})


def loss_index_of(fingers: Mapping[FingerKey, Figures]) -> Figure:
    """The mean loss score of the eight fingers, each the mean of its images, with how it reads."""
    scores = [figures["score_loss"].value for figures in fingers.values()]
    known = [float(score) for score in scores if isinstance(score, int | float)]
    if len(known) < STANDARD_COUNT:
        return Figure(None, because=TOO_FEW_FINGERS, basis={"fingers": len(known), "needed": STANDARD_COUNT})
    value = LOSS_INDEX.written(sum(known) / len(known))
    cut = LOSS_INDEX.cuts[0].value
    return Figure(value, basis={"fingers": len(known), "cut_off": cut, "reading": LOSS_INDEX.name(value)})


def csuri_of(tallies: Sequence[ImageTally]) -> Figure:
    """D x M / N squared: of the images in which a giant counts the one with the fewest distal loops.

    Of several of them it is the one with the most giants. The image's width and what the width means for the cut-off
    stand in the basis.
    """
    with_giants = [one for one in tallies if one.sure_giants]
    if not with_giants:
        return Figure(None, because=UNCONFIRMED_GIANTS if any(one.giants for one in tallies) else NO_GIANTS)
    with_row = [one for one in with_giants if one.distal]
    if not with_row:
        return Figure(None, because=NO_DISTAL_ROW)
    return _csuri_of_image(min(with_row, key=lambda one: (one.distal, -one.sure_giants)))


def _csuri_of_image(one: ImageTally) -> Figure:
    basis: dict[str, float | int | str] = {"image_id": one.image_id}
    if one.image_width_mm is None:
        return Figure(None, because=NO_CALIBRATION, basis=basis)
    if one.largest is None:
        return Figure(None, because=NO_WIDTHS, basis=basis)
    value = CSURI.written(csuri(one.largest.um, one.sure_giants, one.distal))
    off = uncertainty.of_width(one.largest) * one.sure_giants / one.distal**2
    basis |= {"largest_um": round(one.largest.um, 1), "giants": one.sure_giants, "capillaries": one.distal}
    basis |= {"image_width_mm": round(one.image_width_mm, 2), "reference_width_mm": CSURI_WIDTH_MM}
    basis |= {"cut_off": CSURI.cuts[0].value, "reading": CSURI.name(value)}
    if len(CSURI.within(value, off)) > 1:
        basis["in_grey_zone"] = 1
    if abs(one.image_width_mm / CSURI_WIDTH_MM - 1) > CSURI_WIDTH_SHARE:
        basis["is_other_width"] = 1
    return Figure(value, off, None, basis)


def nemo_of(tallies: Sequence[ImageTally], fingers: int) -> Figure:
    """Haemorrhages over the eight fingers: a lower bound, because microthromboses are not detected."""
    haemorrhages = sum(one.haemorrhages for one in tallies)
    basis: dict[str, float | int | str] = {"fingers": fingers, "microthromboses": "not_detected", "bound": "lower"}
    if fingers < STANDARD_COUNT:
        return Figure(None, because=TOO_FEW_FINGERS, basis={**basis, "haemorrhages": haemorrhages})
    return Figure(haemorrhages, basis=basis)


def patterns_of_exam(tallies: Sequence[ImageTally], fingers: Mapping[FingerKey, Figures]) -> dict[str, Figure]:
    """ "fast_track" and "sub_pattern" of the gravest image of all; category 1 only from enough fingers.

    Args:
        tallies: of every image that counts; not empty.
        fingers: figures of each finger that has any.
    """
    found = gravest_of(tallies)
    known = sum(figures["fast_track"].value is not None for figures in fingers.values())
    if found["fast_track"].value == "non_scleroderma" and known < MIN_FINGERS_FOR_NEGATIVE:
        basis = {"fingers": known, "needed": MIN_FINGERS_FOR_NEGATIVE}
        return {key: Figure(None, because=TOO_FEW_FINGERS, basis=basis) for key in found}
    return found
