"""A time zone of a box, kept in memory."""

from appliance.domain.errors import SettingsError


class Zones:
    """A TimeZone that keeps what was chosen, and by whom."""

    def __init__(self) -> None:
        self.name, self.chosen_by = "UTC", ""

    def names(self) -> tuple[str, ...]:
        return ("America/Bogota", "Europe/Madrid", "UTC")

    def choose(self, name: str, actor: str) -> None:
        if name not in self.names():
            raise SettingsError(f"the time zone {name} is unknown", "Use another.")
        self.name, self.chosen_by = name, actor
