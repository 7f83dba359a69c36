"""How the workers of a fleet share what comes: under one name, or each a part where the broker gives all to all."""

import secrets
from zlib import crc32

from sqlalchemy import select

from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.tables import shared_secret
from appliance.domain.box_topics import place_of


class WorkerShare:
    """The boxes of one worker of several; the same box is always in the same part.

    By a checksum of its name rather than by lists of sites: a site that nobody has listed would reach nobody.

    Args:
        number: from 1 to `parts`.
    """

    def __init__(self, number: int, parts: int) -> None:
        self._number, self._parts = number, parts

    def is_mine(self, topic: str) -> bool:
        """Whether what came on that topic is for this worker; what is no box's is the first one's to refuse."""
        place = place_of(topic)
        checksum = 0 if place is None else crc32(f"{place.site}/{place.box}".encode())
        return checksum % self._parts == self._number - 1


def shared_name(database: FleetDatabase, group: str) -> str:
    """The name of the workers' shared subscription, the same for all of one database. Raises StoreError.

    Mosquitto grants every subscription and only withholds what its rules forbid. A box that joined the workers' own
    group would be dealt its part of all results, and nobody would get those. So nobody but them can know its name.
    """
    with database.transaction("agree on the name of the shared subscription") as connection:
        database.hold(connection, shared_secret)
        secret = connection.execute(select(shared_secret.c.secret)).scalar()
        if secret is None:
            secret = secrets.token_hex(16)
            connection.execute(shared_secret.insert().values(secret=secret))
    return f"{group}{secret}"
