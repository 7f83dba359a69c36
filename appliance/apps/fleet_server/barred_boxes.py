"""Boxes that nobody listens to any more: stolen, given away, with a key that somebody else may have."""

from collections.abc import Set
from datetime import datetime

from sqlalchemy import select

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.tables import Whose, barred, of_box
from appliance.domain.instant import to_rfc3339


class BarredBoxes:
    """Which they are. Every method raises StoreError; calls from any thread and process.

    A revoked certificate keeps a box from its next connection to the broker; one that is connected stays so until the
    broker is restarted. What it says meanwhile is refused here.
    """

    def __init__(self, database: FleetDatabase) -> None:
        self._database = database

    def bar(self, whose: Whose, by: str, now_utc: datetime) -> None:
        """Its word counts no longer; once more changes nothing."""
        row = {"site": whose[0], "box": whose[1], "at": to_rfc3339(now_utc, "microseconds"), "by": by}
        with self._database.transaction("bar the box") as connection:
            connection.execute(self._database.insert_once(barred), row)

    def admit(self, whose: Whose) -> None:
        """Its word counts again, as with a new certificate."""
        with self._database.transaction("admit the box") as connection:
            connection.execute(barred.delete().where(of_box(barred, whose)))

    def all(self) -> Set[Whose]:
        """Every one."""
        with self._database.transaction("read the barred boxes") as connection:
            return {(site, box) for site, box in connection.execute(select(barred.c.site, barred.c.box))}
