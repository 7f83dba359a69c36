"""What the first page shows beside the figures: the decisive picture, and the map of the hands."""

from collections.abc import Mapping

from appliance.domain.exam import Finger, Hand
from appliance.domain.exam_protocol import STANDARD_FINGERS
from appliance.domain.hand_map import CellState, HandMap, MapCell, reviewed_hand_map
from appliance.domain.review import ReviewedImage
from appliance.exports.report import terms
from appliance.exports.report.cells import finger_name
from appliance.exports.report.finger_pages import BEST_PX, best_of, picture_of
from appliance.exports.report.localisation import Localisation
from appliance.exports.report.material import Material, PictureSource
from appliance.exports.report.view import HandRow, HandView, PictureView


def decisive_picture(
    localisation: Localisation, material: Material, picture: PictureSource
) -> tuple[PictureView | None, str]:
    """The picture that decides the Fast Track, else the sharpest that counts; and its finger."""
    decided = material.figures.exam["fast_track"].basis.get("image_id")
    counting = [one for one in material.reviewed.images if one.enters]
    one = next((one for one in counting if one.image.image_id == decided), None) or best_of(counting)
    if one is None:
        return None, ""
    source = picture(one.image.image_id, True, BEST_PX)
    return picture_of(localisation, one, material, source), _finger_of(localisation, one)


def hands_of(localisation: Localisation, material: Material) -> tuple[tuple[HandView, ...], Mapping[str, int]]:
    """The map after review, without fingers outside the standard that have nothing, and how often each state occurs."""
    found = reviewed_hand_map(material.reviewed)
    hands = tuple(
        HandView(
            localisation(terms.HANDS[hand.value]),
            tuple(
                HandRow(localisation(terms.FINGERS[finger.value]), tuple(cell.state.value for cell in cells))
                for finger in Finger
                if _is_shown(finger, cells := _cells(found, hand, finger))
            ),
        )
        for hand in Hand
    )
    return hands, {state.value: found.count(state) for state in CellState}


def _cells(found: HandMap, hand: Hand, finger: Finger) -> list[MapCell]:
    return [cell for cell in found.cells if (cell.placement.hand, cell.placement.finger) == (hand, finger)]


def _is_shown(finger: Finger, cells: list[MapCell]) -> bool:
    return finger in STANDARD_FINGERS or any(cell.state is not CellState.OPEN for cell in cells)


def _finger_of(localisation: Localisation, one: ReviewedImage) -> str:
    return finger_name(localisation, one.image.hand, one.image.finger)
