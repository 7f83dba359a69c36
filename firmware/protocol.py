"""What firmware and station say to each other over the local socket; docs/firmware.md describes it for people.

One JSON object a line, UTF-8, at most `LONGEST_LINE` bytes with its line feed. The first line of either side is its
`Hello`; whoever meets another version says so in a `Refused` and closes. Every other message can be lost with the
connection and none is sent again: states come once a second anyway, and a button that nobody heard is pressed again.
"""

from enum import Enum
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from firmware.errors import FirmwareError

VERSION = 1
LONGEST_LINE = 8192


class Button(str, Enum):
    """What a person can press; each is there only where the box has it."""

    CAPTURE = "capture"
    FREEZE = "freeze"
    PEDAL = "pedal"
    SHUTDOWN = "shutdown"


class Action(str, Enum):
    """HELD comes once, between PRESSED and RELEASED, after the time that the settings give that button."""

    PRESSED = "pressed"
    HELD = "held"
    RELEASED = "released"


class Phase(str, Enum):
    """How the station fares: READY serves pages, LIVE has a picture and its result too, EXAM an open exam as well."""

    STARTING = "starting"
    READY = "ready"
    LIVE = "live"
    EXAM = "exam"
    FAULT = "fault"


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Hello(_Message):
    """The first line of either side."""

    type: Literal["hello"] = "hello"
    version: int = VERSION
    software: str = Field(max_length=100)


class Refused(_Message):
    """Why the other side's last line was not acted on; the connection may be closed after it."""

    type: Literal["refused"] = "refused"
    reason: str = Field(max_length=500)


class ButtonEvent(_Message):
    """Somebody pressed, holds or let go."""

    type: Literal["button"] = "button"
    button: Button
    action: Action
    at_monotonic_s: float = Field(description="CLOCK_MONOTONIC of the contact's first edge; of HELD, of its moment")


class WatchdogState(_Message):
    """The hardware watchdog."""

    device: str = Field(max_length=200, description="Path and identity; empty where none is used")
    reason: str = Field(max_length=500, description="Why it is not fed, or not used; empty while it is fed")


class BoardState(_Message):
    """The board, once a second and after every change.

    `problem` says why buttons, lamp or light are missing; empty where all that the settings name is there.
    """

    type: Literal["board"] = "board"
    board: str = Field(max_length=100)
    model: str = Field(max_length=200)
    is_simulated: bool
    problem: str = Field(max_length=1000)
    buttons: tuple[Button, ...]
    pressed: tuple[Button, ...]
    lamp: str = Field(max_length=20, description="What the status LED shows; empty where there is none")
    light_level: float | None = Field(ge=0, le=1, description="Brightness of the ring light; None where there is none")
    temperatures_c: dict[str, float] = Field(max_length=32)
    fans_rpm: dict[str, int] = Field(max_length=16)
    watchdog: WatchdogState


class ProgressCounters(_Message):
    """Three counters that rise for as long as the part works; see `appliance/apps/station/vitals.py`."""

    frames: int = Field(ge=0)
    store: int = Field(ge=0)
    web: int = Field(ge=0)


class StationStatus(_Message):
    """The station, once a second and after every change of phase."""

    type: Literal["status"] = "status"
    phase: Phase
    reason: str = Field("", max_length=500, description="Of a fault")
    progress: ProgressCounters


class SetLight(_Message):
    """Brightness of the ring light."""

    type: Literal["light"] = "light"
    level: float = Field(ge=0, le=1)


class Simulate(_Message):
    """Press or let go of a button of a simulated board; a real one refuses."""

    type: Literal["simulate"] = "simulate"
    button: Button
    is_pressed: bool


class Goodbye(_Message):
    """The station stops in order: its silence is no fault."""

    type: Literal["leaving"] = "leaving"


FromFirmware = Annotated[Hello | Refused | ButtonEvent | BoardState, Field(discriminator="type")]
FromStation = Annotated[Hello | StationStatus | SetLight | Simulate | Goodbye, Field(discriminator="type")]
Message = Hello | Refused | ButtonEvent | BoardState | StationStatus | SetLight | Simulate | Goodbye

FROM_FIRMWARE: TypeAdapter[Hello | Refused | ButtonEvent | BoardState] = TypeAdapter(FromFirmware)
FROM_STATION: TypeAdapter[Hello | StationStatus | SetLight | Simulate | Goodbye] = TypeAdapter(FromStation)

Incoming = TypeVar("Incoming")


class ProtocolError(FirmwareError):
    """The other side does not keep to the protocol."""


def encode(message: Message) -> bytes:
    """One line with its line feed. Raises ProtocolError for a message that is too long for one."""
    line = message.model_dump_json().encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise ProtocolError(f"a {message.type} message of {len(line)} bytes", f"At most {LONGEST_LINE} fit a line.")
    return line


def decode(line: bytes, expected: TypeAdapter[Incoming]) -> Incoming:
    """The message of one line. Raises ProtocolError naming the fault."""
    try:
        return expected.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ProtocolError(f"a line is no message: {place} {first['msg']}", "Install one version of both.") from error


def require_same_version(hello: object) -> None:
    """Raises ProtocolError unless it is a `Hello` of this version."""
    if not isinstance(hello, Hello):
        raise ProtocolError("the first line is no hello", "Install one version of both.")
    if hello.version != VERSION:
        raise ProtocolError(
            f"the other side ({hello.software}) speaks version {hello.version}, this one {VERSION}",
            "Install firmware and station of one release.",
        )
