"""A station without a board."""

from appliance.domain.box_board import NO_BOARD, BoxBoard, ButtonOutcome
from appliance.domain.errors import BoardError


class NoBoard:
    """No buttons, no lamp, no light; everything is done on the pages, by keys and by USB pedals."""

    @property
    def state(self) -> BoxBoard:
        return NO_BOARD

    @property
    def outcome(self) -> ButtonOutcome:
        return ButtonOutcome()

    def set_light(self, level: float) -> None:
        raise BoardError(f"the light cannot be set to {level}", NO_BOARD.reason)

    def press(self, button: str, is_pressed: bool) -> None:
        raise BoardError(f"{button} cannot be {'pressed' if is_pressed else 'let go'}", NO_BOARD.reason)
