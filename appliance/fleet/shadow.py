"""Settings that the fleet wants of a box, and those in force on it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from appliance.fleet.message import Count, Instant, Message, Version

Settings = Annotated[dict[str, JsonValue], Field(description='"table.key" to value, as in the site\'s file.')]


class ShadowDesired(Message):
    """Retained, down. A box ignores one whose version is not above the one that it has."""

    NAME: ClassVar = "nailfold.shadow-desired/1"
    schema_: Literal["nailfold.shadow-desired/1"] = Field(default="nailfold.shadow-desired/1", alias="schema")
    version: Version
    settings: Settings
    ts: Instant


class ShadowReported(Message):
    """Retained, up."""

    NAME: ClassVar = "nailfold.shadow-reported/1"
    schema_: Literal["nailfold.shadow-reported/1"] = Field(default="nailfold.shadow-reported/1", alias="schema")
    version: Version
    desired_version: Annotated[Count, Field(description="The newest that was considered; 0 before the first.")]
    settings: Settings
    refused: Annotated[dict[str, str], Field(description="Desired key to the reason why it is not in force.")]
    ts: Instant


def delta(desired: ShadowDesired, reported: ShadowReported) -> dict[str, JsonValue]:
    """What is desired and not in force, refused settings included."""
    in_force = reported.settings
    return {key: value for key, value in desired.settings.items() if key not in in_force or in_force[key] != value}
