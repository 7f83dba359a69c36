"""What sites are called and where they are, as the people of the fleet say it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.tables import sites
from appliance.domain.errors import SettingsError
from appliance.domain.instant import to_rfc3339

_LONGEST_TITLE = 100


@dataclass(frozen=True)
class Site:
    """One site.

    Attributes:
        title: as pages show it.
        place: degrees of latitude (north) and longitude (east); None where nobody has said.
    """

    site: str
    title: str
    place: tuple[float, float] | None


class SiteStore:
    """Every method raises StoreError; calls from any thread and process."""

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def keep(self, site: str, title: str, place: tuple[float, float] | None, by: str, now_utc: datetime) -> None:
        """In the place of what was said before. Raises SettingsError for what is no title or no place on Earth."""
        if not 1 <= len(title.strip()) <= _LONGEST_TITLE:
            raise SettingsError(f"the title has {len(title.strip())} characters", f"Use 1 to {_LONGEST_TITLE}.")
        if place is not None and not (-90 <= place[0] <= 90 and -180 <= place[1] <= 180):
            raise SettingsError(f"{place[0]}, {place[1]} is no place", "Use latitude -90 to 90, longitude -180 to 180.")
        row = {
            "site": site,
            "title": title.strip(),
            "latitude": None if place is None else place[0],
            "longitude": None if place is None else place[1],
            "set_at": to_rfc3339(now_utc, "microseconds"),
            "set_by": by,
        }
        with self._database.transaction("keep the site") as connection:
            connection.execute(self._database.replace(sites), row)

    def all(self) -> dict[str, Site]:
        """By the site's name in topics; those of which nobody has said anything are not in it."""
        with self._database.transaction("read the sites") as connection:
            rows = connection.execute(select(sites)).mappings().all()
        return {row["site"]: Site(row["site"], row["title"], _place(row["latitude"], row["longitude"])) for row in rows}


def _place(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    return None if latitude is None or longitude is None else (latitude, longitude)
