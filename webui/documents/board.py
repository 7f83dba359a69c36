"""The box's board as the pages and the API show it."""

from pydantic import BaseModel, Field

from appliance.ports import Board


class BoardDocument(BaseModel):
    """Buttons, lamp, light, sensors and watchdog."""

    is_connected: bool = Field(description="The firmware answers; the rest is as it said last")
    reason: str = Field(description="Why it does not, or what is missing; empty while all is well")
    name: str
    model: str
    is_simulated: bool = Field(description="A board of software, whose buttons can be pressed here")
    buttons: list[str] = Field(description='Those there are, of "capture", "freeze", "pedal" and "shutdown"')
    pressed: list[str] = Field(description="Those that are held down now")
    lamp: str = Field(description="What the status LED shows; empty where there is none")
    light_level: float | None = Field(description="Brightness of the ring light, 0 to 1; null where there is none")
    temperatures_c: dict[str, float] = Field(description="By the kernel's names")
    fans_rpm: dict[str, int] = Field(description="By the kernel's names")
    watchdog: str = Field(description="Device of the hardware watchdog; empty where none is used")
    watchdog_reason: str = Field(description="Why it is not fed, or not used; empty while it is fed")


class ButtonsDocument(BaseModel):
    """What came of the box's own buttons."""

    frozen_seq: int | None = Field(description="Number of the picture that a button froze; null while live")
    presses: int = Field(description="How many were acted on or refused; a higher number means a new one")
    problem: str = Field(description="Why the last press did nothing; empty after a success")


def board_document(board: Board) -> BoardDocument:
    """As it is now; temperatures to a tenth of a degree."""
    state = board.state
    return BoardDocument(
        is_connected=state.is_connected,
        reason=state.reason,
        name=state.name,
        model=state.model,
        is_simulated=state.is_simulated,
        buttons=list(state.buttons),
        pressed=list(state.pressed),
        lamp=state.lamp,
        light_level=state.light_level,
        temperatures_c={name: round(value, 1) for name, value in state.temperatures_c.items()},
        fans_rpm=dict(state.fans_rpm),
        watchdog=state.watchdog,
        watchdog_reason=state.watchdog_reason,
    )


def buttons_document(board: Board) -> ButtonsDocument:
    """As it is now."""
    outcome = board.outcome
    return ButtonsDocument(frozen_seq=outcome.frozen_seq, presses=outcome.presses, problem=outcome.problem)
