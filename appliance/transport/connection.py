"""One connection to the broker: made once, used from one thread, thrown away when it breaks."""

import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import ExportError
from appliance.transport.answers import PACKET_TOO_LARGE
from appliance.transport.broker_abilities import lacks
from appliance.transport.encryption import tls_context
from appliance.transport.paho_buffered import BufferedClient
from appliance.transport.paho_speed import take_over
from appliance.transport.password import password_of
from appliance.transport.properties import connect_properties, packed_size, user_properties, will_properties
from appliance.transport.settings import MqttSettings
from appliance.transport.waker import Waker

# Fixed header, packet id and lengths of a PUBLISH, rounded up (MQTT 5.0, 3.3).
_PUBLISH_OVERHEAD_BYTES = 16
_GOODBYE_S = 2.0
# So many packets are read before they are handed on.
_PACKETS_A_POLL = 256
# Malformed packet, protocol error, topic name invalid, packet too large, payload format invalid.
_OUR_FAULT = (0x81, 0x82, 0x90, PACKET_TOO_LARGE, 0x99)
REFUSALS = {
    0x84: "the broker does not speak MQTT 5",
    0x85: "the broker refused this box's name; check mqtt.site and mqtt.box",
    0x86: "the broker refused the user name or password",
    0x87: "the broker does not let this box in",
    0x8A: "the broker has banned this box",
    0x8E: "another device has taken this box's place; check mqtt.site and mqtt.box of both",
}

# Mosquitto before 2.0.15 gives no reason when another device takes the place: it only closes.
_ENDINGS = {
    **REFUSALS,
    0x80: "the broker ended the connection without a reason; if that goes on, another device may use the name of this "
    "box: check mqtt.site and mqtt.box of both",
}


def _is_buffered(client: BufferedClient) -> bool:
    """Whether something is at hand, read or decrypted, which the socket no longer shows."""
    network = client.socket()
    return client.has_unread or (isinstance(network, ssl.SSLSocket) and network.pending() > 0)


class BrokeOffError(ExportError):
    """The broker ended the connection because of something that was sent: the next time it would do so again.

    Attributes:
        can_be_mended: by the operator of the broker, without a change on this box.
    """

    def __init__(self, message: str, *, can_be_mended: bool) -> None:
        super().__init__(message)
        self.can_be_mended = can_be_mended


@dataclass(frozen=True)
class Acknowledged:
    """The broker's PUBACK for what `publish` returned `mid` for."""

    mid: int
    reason_code: int


@dataclass(frozen=True)
class Received:
    """A message on a subscribed topic; to be acknowledged once it is safely kept."""

    mid: int
    qos: int
    topic: str
    payload: bytes = b""
    is_retained: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subscribed:
    """The broker's answer to the subscription to receipts; the others are of use, not of need."""

    is_accepted: bool


@dataclass(frozen=True)
class Listening:
    """What a connection hears.

    Attributes:
        topics: filters, those that matter most first; one that starts with "$share/" is shared with others.
        keeps_session: the broker keeps what comes while nobody is connected.
        receive_maximum: so many messages may wait here to be confirmed; None: 65535.
    """

    topics: Sequence[str]
    keeps_session: bool = True
    receive_maximum: int | None = None


_SHARED = "$share/"
_NO_LIMIT = 65_535  # MQTT 5.0, 3.2.2.3.3
Event = Acknowledged | Received | Subscribed


class BrokerConnection:
    """A connection as a queue of events.

    A new paho client is made for every connection, and dropped with it: paho would otherwise send again by itself what
    the outbox sends again too.

    Args:
        waker: ends a `poll` early.
    """

    def __init__(
        self,
        settings: MqttSettings,
        topics: BoxTopics,
        will: bytes,
        listening: Listening,
        waker: Waker | None = None,
    ) -> None:
        self._settings = settings
        self._waker = waker or Waker()
        self._listening = listening
        self._topics = topics
        self._events: list[Event] = []
        self._lost_because: str | None = None
        self._lost_code = 0
        self._failure: ExportError | None = None
        self._connected: tuple[bool, Properties | None] | None = None
        self._client = self._make_client(will)

    @property
    def is_session_present(self) -> bool:
        """The broker remembered this box, so receipts that came meanwhile are on their way."""
        return self._connected is not None and self._connected[0]

    @property
    def has_shared_subscriptions(self) -> bool:
        """The broker deals the messages of a shared topic out; without, everybody who asked gets all of them."""
        granted = None if self._connected is None else self._connected[1]
        return getattr(granted, "SharedSubscriptionAvailable", 1) == 1

    @property
    def lacks(self) -> tuple[str, ...]:
        """What this broker said that it cannot do."""
        is_sharing = any(topic.startswith(_SHARED) for topic in self._listening.topics)
        return lacks(None if self._connected is None else self._connected[1], self._expiry_days, is_sharing=is_sharing)

    @property
    def _expiry_days(self) -> float:
        return self._settings.session_expiry_days if self._listening.keeps_session else 0.0

    @property
    def receive_maximum(self) -> int:
        """So many messages the broker takes before it answers the first; more are a protocol error."""
        granted = None if self._connected is None else self._connected[1]
        return int(getattr(granted, "ReceiveMaximum", _NO_LIMIT))

    @property
    def is_writing(self) -> bool:
        """Something is still on its way into the network."""
        return bool(self._client.want_write())

    def open(self) -> None:
        """Connect and subscribe.

        Raises:
            ExportError: no answer, or refused; in the operator's words.
        """
        settings = self._settings
        keeps_session = self._listening.keeps_session
        properties = connect_properties(self._expiry_days, self._listening.receive_maximum)
        try:
            self._client.connect(
                settings.host, settings.port, settings.keepalive_s, clean_start=not keeps_session, properties=properties
            )
        except (OSError, ValueError) as error:
            raise self._unreachable(str(error)) from error
        deadline_s = time.monotonic() + settings.answer_timeout_s
        while self._connected is None:
            if time.monotonic() > deadline_s:
                raise self._unreachable("it took the connection but does not answer")
            self._step(0.2)
        topics = self._listening.topics
        if not self.has_shared_subscriptions:
            topics = [topic.split("/", 2)[2] if topic.startswith(_SHARED) else topic for topic in topics]
        # noLocal: what comes on a box's own state topic is from somebody else, or from before; MQTT 5.0, 3.8.3.1
        # forbids it on shared ones.
        options = [SubscribeOptions(qos=1, noLocal=not topic.startswith(_SHARED)) for topic in topics]
        self._client.subscribe(list(zip(topics, options, strict=True)))

    def poll(self, timeout_s: float) -> Sequence[Event]:
        """What happened, waiting up to `timeout_s` for something. Raises ExportError when the connection is lost."""
        if self._failure is not None:
            raise self._failure
        try:
            self._step(timeout_s)
        except ExportError as error:
            # An answer may have come together with the end: it counts, or its message would be sent twice.
            self._failure = error
            if not self._events:
                raise
        events, self._events = self._events, []
        return events

    def fits(self, topic: str, payload: bytes, properties: Properties) -> bool:
        """Whether the broker takes a publication of that size."""
        granted = None if self._connected is None else self._connected[1]
        largest = getattr(granted, "MaximumPacketSize", None)
        if largest is None:
            return True
        size = len(topic.encode()) + len(payload) + packed_size(properties) + _PUBLISH_OVERHEAD_BYTES
        return size <= int(largest)

    def publish(self, topic: str, payload: bytes, properties: Properties | None = None, retain: bool = False) -> int:
        """Hand over with QoS 1; the number under which `Acknowledged` will come. Raises ExportError when offline."""
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._unreachable(paho.error_string(info.rc).lower().rstrip("."))
        return info.mid

    def confirm(self, received: Received) -> None:
        """Tell the broker that a message is safely kept here; unconfirmed ones come again."""
        self._client.ack(received.mid, received.qos)

    def close(self) -> None:
        """Leave in good order: the session stays at the broker, the will is dropped."""
        self._client.disconnect()
        deadline_s = time.monotonic() + _GOODBYE_S
        with suppress(ExportError):
            while self._turn(0.1) is MQTTErrorCode.MQTT_ERR_SUCCESS and time.monotonic() < deadline_s:
                pass

    def _turn(self, timeout_s: float) -> MQTTErrorCode:
        """Read and write what is there, waiting up to `timeout_s` for something to be. Raises ExportError for nonsense.

        In the place of paho's own loop: that one reads a packet a wait, and cannot wait for a socket above 1023.
        """
        client, network = self._client, self._client.socket()
        if network is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        outcome = client.loop_write() if client.want_write() else MQTTErrorCode.MQTT_ERR_SUCCESS
        if outcome is not MQTTErrorCode.MQTT_ERR_SUCCESS or client.socket() is None:
            return outcome
        is_there = self._waker.wait(network.fileno(), client.want_write(), 0.0 if _is_buffered(client) else timeout_s)
        outcome = client.loop_misc()
        for _ in range(_PACKETS_A_POLL):
            if outcome is not MQTTErrorCode.MQTT_ERR_SUCCESS or not (is_there or _is_buffered(client)):
                break
            seen = len(self._events)
            try:
                outcome = client.loop_read()
            except Exception as error:  # paho has no error of its own for bytes that are no MQTT
                raise self._unreachable(f"it sent what cannot be read ({error})") from error
            is_there = len(self._events) > seen
        return outcome

    def _step(self, timeout_s: float) -> None:
        outcome = self._turn(timeout_s)
        # paho 2.2 knows no "packet too large" in a PUBACK, as Mosquitto sends it, and calls that a protocol error.
        if outcome is MQTTErrorCode.MQTT_ERR_PROTOCOL or self._lost_code in _OUR_FAULT:
            is_puback_unknown = outcome is MQTTErrorCode.MQTT_ERR_PROTOCOL
            raise BrokeOffError(
                f"the broker broke off: {self._lost_because or 'it refused what was sent'}",
                can_be_mended=is_puback_unknown or self._lost_code == PACKET_TOO_LARGE,
            )
        if self._lost_because is not None or outcome is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._unreachable(self._lost_because or paho.error_string(outcome).lower().rstrip("."))

    def _unreachable(self, reason: str) -> ExportError:
        at = f"{self._settings.host}:{self._settings.port}"
        return ExportError(
            f"no connection to the broker at {at}: {reason}", "Results wait on the box and go out later."
        )

    def _make_client(self, will: bytes) -> BufferedClient:
        settings = self._settings
        take_over()
        client = BufferedClient(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if settings.tls:
            self._encrypt(client)
        if settings.username is not None:
            client.username_pw_set(settings.username, self._password())
        # Mosquitto keeps a session alive until its will is sent, and with it its place in a shared subscription: a
        # server that was killed would get its part of the results for as long as its will is delayed.
        delay_s = settings.will_delay_s if self._listening.keeps_session else 0
        client.will_set(self._topics.state, will, qos=1, retain=True, properties=will_properties(delay_s))
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        return client

    def _encrypt(self, client: paho.Client) -> None:
        try:
            client.tls_set_context(tls_context(self._settings))
        except OSError as error:
            raise self._unreachable(f"a certificate or key cannot be used ({error})") from error

    def _password(self) -> str | None:
        try:
            return password_of(self._settings)
        except UnicodeError as error:
            raise self._unreachable("the password file is neither UTF-8 nor UTF-16") from error
        except OSError as error:
            raise self._unreachable(f"the password file cannot be read ({error.strerror})") from error

    def _on_connect(
        self, _client: Any, _data: Any, flags: Any, reason_code: Any, properties: Properties | None
    ) -> None:
        if reason_code.is_failure:
            self._lost_because = REFUSALS.get(reason_code.value, str(reason_code).lower())
        else:
            self._connected = (bool(flags.session_present), properties)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason_code: Any, _properties: Any) -> None:
        if self._lost_because is None:
            self._lost_code = int(reason_code.value)
            self._lost_because = _ENDINGS.get(reason_code.value, str(reason_code).lower())

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason_code: Any, _properties: Any) -> None:
        self._events.append(Acknowledged(mid, int(reason_code.value)))

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self._events.append(
            Received(
                message.mid,
                message.qos,
                message.topic,
                bytes(message.payload),
                message.retain,
                user_properties(message.properties),
            )
        )

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reason_codes: Any, _properties: Any) -> None:
        self._events.append(Subscribed(not reason_codes[0].is_failure))
