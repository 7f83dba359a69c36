"""Who takes what where a broker gives every worker everything."""

from zlib import crc32

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
