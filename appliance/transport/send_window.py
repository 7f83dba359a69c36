"""How many messages may be on their way to the broker at once."""

MOST_IN_FLIGHT = 20
"""The receive maximum of a broker that says none is 65535 (MQTT 5.0, 3.2.2.3.3); Mosquitto grants 20 by default."""


class SendWindow:
    """The size of the window, over all connections of one start.

    A broker that breaks off because of a message does not say which. So after that one goes at a time, until as many as
    were in doubt have had their answer: the one that it cannot take is then alone.
    """

    def __init__(self, most: int = MOST_IN_FLIGHT) -> None:
        self._most = most
        self._in_doubt = 0

    def size(self, receive_maximum: int) -> int:
        """Messages that may wait for their answer.

        Args:
            receive_maximum: what the broker granted.
        """
        return 1 if self._in_doubt else min(self._most, receive_maximum)

    def answered(self) -> None:
        """One message had its answer."""
        self._in_doubt = max(0, self._in_doubt - 1)

    def broke_off(self, in_flight: int) -> None:
        """The broker broke off while so many were on their way."""
        self._in_doubt = max(self._in_doubt, in_flight)
