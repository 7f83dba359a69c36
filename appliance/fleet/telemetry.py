"""How a box is, for the people who run the fleet; what a box cannot measure is left out, never a default."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from appliance.fleet.message import Count, Digest, Instant, Message, Part

_FromZero = Annotated[float, Field(ge=0)]


class OutboxDepth(Part):
    """Messages by state."""

    pending: Count
    sent: Count
    acknowledged: Annotated[int, Field(ge=0, description="At the broker, without a receipt.")]
    dead: Count


class Telemetry(Message):
    """One moment of one box."""

    NAME: ClassVar = "nailfold.telemetry/1"
    schema_: Literal["nailfold.telemetry/1"] = Field(default="nailfold.telemetry/1", alias="schema")
    ts: Instant
    boot_id: Annotated[str, Field(min_length=1)]
    software: Annotated[str, Field(min_length=1)]
    sbom: Digest | None = None
    engines: dict[str, Digest]
    temperatures_c: Annotated[dict[str, float], Field(description="Sensor's own name to degrees Celsius.")]
    is_throttled: bool | None = None
    disk_free_mb: Count
    clock_is_synchronised: bool | None = None
    camera: Annotated[str, Field(min_length=1, description="Phase of the camera: live, lost, ...")]
    capture_fps: _FromZero
    engine_fps: _FromZero
    latency_ms: Annotated[float | None, Field(ge=0, description="Capture to overlay.")] = None
    outbox: OutboxDepth
