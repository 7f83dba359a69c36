"""How a box speaks with its fleet."""

from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import SettingsError


@dataclass(frozen=True)
class AgentSettings:
    """How a box speaks with its fleet, beside sending results.

    Attributes:
        enabled: tells health, settings and the journal, and does jobs; off unless the broker is the fleet's.
        telemetry_interval_s: between two tellings of the box's health.
        job_keys: PEM file of the public keys whose jobs this box does; None: it does none.
        job_stick: folder under which a USB stick with signed jobs is mounted; None: none is looked for.

        update_root: root.json of the releases that this box takes; None: it takes none.
        update_url: where releases are: "https://..." or "file:///...", such as a USB stick.

    Raises:
        SettingsError: the interval is too short.
    """

    enabled: bool = False
    telemetry_interval_s: float = 60.0
    job_keys: Path | None = None
    job_stick: Path | None = None
    update_root: Path | None = None
    update_url: str | None = None

    def __post_init__(self) -> None:
        if self.telemetry_interval_s < 0.1:
            raise SettingsError(f"fleet.telemetry_interval_s is {self.telemetry_interval_s}", "Use 0.1 or more.")
        if self.update_url is not None and not self.update_url.startswith(("https://", "file:///")):
            raise SettingsError(f"fleet.update_url is {self.update_url!r}", "Use https://... or file:///...")
