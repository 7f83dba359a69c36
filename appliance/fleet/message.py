"""What every message has in common: a frozen type, its versioned name, JSON on the wire."""

from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from appliance.domain.bounded_json import require_keepable
from appliance.domain.errors import ExportError
from appliance.domain.instant import from_rfc3339

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Of a site, a box or a job: what may stand in a topic."""


def _a_moment(text: str) -> str:
    """Digits in their places are no day yet: 2026-02-31. Raises ValueError."""
    from_rfc3339(text)
    return text


Instant = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$", description="UTC"),
    AfterValidator(_a_moment),
]
Uuid7 = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_LARGEST = (1 << 53) - 1
"""What every reader of JSON can count to (RFC 8259, 6), and every database."""
Count = Annotated[int, Field(ge=0, le=_LARGEST)]
Version = Annotated[int, Field(ge=1, le=_LARGEST)]


class Part(BaseModel):
    """A piece of a message. Members are checked strictly and unknown ones are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


class Message(Part):
    """A payload on the wire: a change that breaks a reader is a new number in `schema`, and the old class stays."""

    NAME: ClassVar[str]
    """As the member `schema` of the document: "nailfold.receipt/1"."""

    def payload(self) -> bytes:
        """UTF-8 JSON."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


AnyMessage = TypeVar("AnyMessage", bound=Message)


def read_message(kind: type[AnyMessage], payload: bytes) -> AnyMessage:
    """The message of that type in a payload.

    Raises:
        ExportError: it is none; names the first member that is wrong.
    """
    try:
        require_keepable(payload)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"this is no {kind.NAME}: {str(error)[:200]}") from error
    try:
        return kind.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(part) for part in first["loc"]) or "the document"
        raise ExportError(f"this is no {kind.NAME}: {at}: {first['msg']}") from error
