"""MQTT 5 properties of what the box sends."""

from copy import copy
from functools import cache

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from appliance.domain.journal import JournalHead
from appliance.ports import QueuedMessage

_SECONDS_A_DAY = 86_400
_UTF_8 = 1  # MQTT 5.0, 3.3.2.3.2


def connect_properties(session_expiry_days: float, receive_maximum: int | None = None) -> Properties:
    """The broker keeps the session, and so the receipts for this box, that long.

    Args:
        receive_maximum: so many messages may be on their way here before the first is confirmed; None: 65535.
    """
    properties = _new(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = int(session_expiry_days * _SECONDS_A_DAY)
    if receive_maximum is not None:
        properties.ReceiveMaximum = receive_maximum
    return properties


def will_properties(delay_s: int) -> Properties:
    """A short loss of the network is not announced."""
    properties = _new(PacketTypes.WILLMESSAGE)
    properties.WillDelayInterval = delay_s
    return properties


def json_properties() -> Properties:
    """JSON, for further properties to be added."""
    # A copy shares paho's tables, which it would otherwise build anew for every message.
    return copy(state_properties())


@cache
def state_properties() -> Properties:
    """JSON and nothing else; made once, because paho takes longer for that than for the publication."""
    properties = _new(PacketTypes.PUBLISH)
    properties.ContentType = "application/json"
    properties.PayloadFormatIndicator = _UTF_8
    return properties


def expiring_properties(expiry_s: int | None) -> Properties:
    """JSON that the broker forgets after so long; None: never."""
    if expiry_s is None:
        return state_properties()
    properties = json_properties()
    properties.MessageExpiryInterval = expiry_s
    return properties


def result_properties(queued: QueuedMessage, journal: JournalHead | None) -> Properties:
    """JSON, what a receiver can check before it parses anything, and the newest entry of the box's journal."""
    properties = json_properties()
    properties.UserProperty = [
        ("msg_id", queued.message.msg_id),
        ("schema", queued.message.schema),
        ("seq", str(queued.seq)),
        ("sha256", queued.message.sha256),
    ]
    if journal is not None:
        properties.UserProperty = [("journal_seq", str(journal.seq)), ("journal_hash", journal.hash)]
    return properties


def user_properties(properties: Properties | None) -> dict[str, str]:
    """Of a message that came; of a name that stands twice the last."""
    return dict(getattr(properties, "UserProperty", ()))


def packed_size(properties: Properties) -> int:
    """Bytes on the wire."""
    return len(properties.pack())  # type: ignore[no-untyped-call]


def _new(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]
