"""The earliest moment that it can be now, whatever the clock says."""

from datetime import datetime, timezone
from importlib import resources
from pathlib import Path

from appliance.domain.instant import from_rfc3339, to_rfc3339
from appliance.ports import FleetNotes

_NOTE = "time_floor"


class TimeFloor:
    """Raised by what is proved: the signed time of a release, and when this software was installed.

    Never by the clock itself: one that once stood in the future would refuse every release for ever after.
    """

    def __init__(self, notes: FleetNotes) -> None:
        self._notes = notes
        package = Path(str(resources.files("appliance").joinpath("__init__.py")))
        self._installed_at_utc = datetime.fromtimestamp(package.stat().st_mtime, timezone.utc)

    def now(self) -> datetime:
        """Aware UTC."""
        kept = self._notes.note(_NOTE)
        return self._installed_at_utc if kept is None else max(self._installed_at_utc, from_rfc3339(kept))

    def raise_to(self, moment_utc: datetime) -> None:
        """A release has proved that it is at least so late."""
        if moment_utc > self.now():
            self._notes.keep_note(_NOTE, to_rfc3339(moment_utc))
