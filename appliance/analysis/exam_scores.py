"""Scores that only a whole exam has: MES, CSURI, NEMO and the exam's own category."""

from collections.abc import Mapping, Sequence

from appliance.analysis import uncertainty
from appliance.analysis.density import NO_CALIBRATION, NO_DISTAL_ROW
from appliance.analysis.group_figures import NO_WIDTHS, fast_track_of
from appliance.analysis.image_tally import Tally
from appliance.domain.exam import Finger, Hand
from appliance.domain.exam_figures import Figure, Figures
from appliance.domain.exam_protocol import STANDARD_FINGERS
from appliance.domain.scores import CSURI_CUT, MIN_FINGERS_FOR_NEGATIVE, NEMO_FINGERS, Findings, csuri

NO_GIANTS = "no_giants"
NO_GIANTS_WHERE_FEWEST = "no_giants_where_fewest_loops"
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


def csuri_of(tallies: Sequence[Tally]) -> Figure:
    """D x M / N squared of the image with the fewest distal loops, then the most giants; its width stands beside it."""
    if not any(one.giants for one in tallies):
        return Figure(None, because=NO_GIANTS)
    with_row = [one for one in tallies if one.distal]
    if not with_row:
        return Figure(None, because=NO_DISTAL_ROW)
    return _csuri_of_image(min(with_row, key=lambda one: (one.distal, -one.giants)))


def _csuri_of_image(one: Tally) -> Figure:
    basis: dict[str, float | int | str] = {"image_id": one.image_id}
    if one.image_width_mm is None:
        return Figure(None, because=NO_CALIBRATION, basis=basis)
    if not one.giants:
        return Figure(None, because=NO_GIANTS_WHERE_FEWEST, basis=basis)
    if one.largest is None:
        return Figure(None, because=NO_WIDTHS, basis=basis)
    basis |= {"largest_um": round(one.largest.um, 1), "giants": one.giants, "capillaries": one.distal}
    basis |= {"image_width_mm": round(one.image_width_mm, 2), "cut_off": CSURI_CUT}
    off = uncertainty.of_width(one.largest) * one.giants / one.distal**2
    return Figure(csuri(one.largest.um, one.giants, one.distal), off, None, basis)


def nemo_of(tallies: Sequence[Tally], evaluable: Sequence[FingerKey]) -> Figure:
    """Haemorrhages over the eight standard fingers; microthromboses are not detected, which the basis says."""
    standard = [one for one in tallies if one.placement.finger in STANDARD_FINGERS]
    fingers = sum(finger in STANDARD_FINGERS for _, finger in evaluable)
    haemorrhages = sum(one.haemorrhages for one in standard)
    basis: dict[str, float | int | str] = {"fingers": fingers, "microthromboses": "not_detected"}
    if fingers < NEMO_FINGERS:
        return Figure(None, because=TOO_FEW_FINGERS, basis={**basis, "haemorrhages": haemorrhages})
    return Figure(haemorrhages, basis=basis)


def exam_category(fingers: Mapping[FingerKey, Figures], pooled: Findings, density: Figure, tallies: int) -> Figure:
    """Category 2 as soon as one finger has it or all together do; category 1 only from enough fingers.

    Args:
        fingers: figures of each finger that has any.
        pooled: of all fingers together.
        density: of the whole exam.
        tallies: giants within the grey zone, of all fingers.
    """
    for (hand, finger), figures in fingers.items():
        if figures["fast_track"].value == "scleroderma":
            where = {"hand": hand.value, "finger": finger.value}
            grave = fast_track_of(pooled, density, tallies)
            rule = figures["fast_track"].basis["rule"]
            shared = grave.basis if grave.value is not None else figures["fast_track"].basis
            return Figure("scleroderma", basis={**shared, "rule": rule, **where})
    together = fast_track_of(pooled, density, tallies)
    known = sum(figures["fast_track"].value is not None for figures in fingers.values())
    if together.value == "non_scleroderma" and known < MIN_FINGERS_FOR_NEGATIVE:
        return Figure(None, because=TOO_FEW_FINGERS, basis={"fingers": known, "needed": MIN_FINGERS_FOR_NEGATIVE})
    return together
