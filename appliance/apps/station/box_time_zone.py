"""In which time zone the box writes dates: on its pages, on reports, in its log."""

import logging
import os
import time
import zoneinfo
from pathlib import Path

from appliance.domain.errors import SettingsError
from appliance.durable_files import write_durably
from appliance.ports import Journal

_log = logging.getLogger(__name__)
_AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_SYSTEMS = Path("/etc/localtime")
UTC = "UTC"
CHOSEN = "box.time_zone"


class BoxTimeZone:
    """What was chosen at the set-up, or later; until then the computer's own. Safe for calls from any thread.

    Args:
        file: keeps the choice, one name of the IANA data base.
        journal: of the box.
        systems: the computer's own, a link into its zones.
    """

    def __init__(self, file: Path, journal: Journal, systems: Path = _SYSTEMS) -> None:
        self._file, self._journal, self._systems = file, journal, systems

    @classmethod
    def applied(cls, file: Path, journal: Journal) -> "BoxTimeZone":
        """That of the file, in force from now on."""
        kept = cls(file, journal)
        kept.apply()
        return kept

    @property
    def name(self) -> str:
        """As the IANA data base calls it, "Europe/Madrid"."""
        if chosen := self._chosen():
            return chosen
        named = str(self._systems.resolve()).partition("/zoneinfo/")[2]
        return named if named in self.names() else UTC

    def names(self) -> tuple[str, ...]:
        """Of places, sorted, and UTC."""
        places = (name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _AREAS)
        return (*sorted(places), UTC)

    def choose(self, name: str, actor: str) -> None:
        """From now on, and named in the journal. Raises SettingsError for a name that nobody knows."""
        if name not in self.names():
            raise SettingsError(f'the time zone "{name[:60]}" is unknown', 'Use a name such as "Europe/Madrid".')
        # Before the file takes its place: a kill in between leaves an entry too many, never one too few.
        self._journal.append(actor, "box", CHOSEN, {"time_zone": {"old": self.name, "new": name}})
        write_durably(self._file, f"{name}\n".encode("ascii"))
        self.apply()

    def apply(self) -> None:
        """Whatever this process writes from now on is in this time zone; without a choice nothing changes."""
        if chosen := self._chosen():
            os.environ["TZ"] = chosen
            time.tzset()

    def _chosen(self) -> str:
        """Empty where nothing was chosen, or it cannot be read: dates in the computer's own zone keep no box off."""
        if not self._file.exists():
            return ""
        try:
            name = self._file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            _log.error("the chosen time zone in %s cannot be read: %s", self._file, error)
            return ""
        if name not in self.names():
            _log.error("the chosen time zone in %s is none: %.60r", self._file, name)
            return ""
        return name
