"""A real broker as `nailfold fleet broker-config` sets it up, and clients with certificates."""

import ssl
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from appliance.apps.files.identity import dotted_name, make_request, write_key
from appliance.apps.fleet_server.authority import Authority
from appliance.apps.fleet_server.broker_config import BrokerFiles, write_broker_config
from appliance.apps.fleet_server.ejabberd_config import write_ejabberd_config
from tests.support.broker import Broker, free_port
from tests.support.ejabberd import EjabberdNode

SERVER = "ingest-1"
NOT_AUTHORISED, TOPIC_INVALID = 0x87, 0x90


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, who vouches for the broker, and the user name where that does not follow by itself."""

    name: str
    certificate: Path
    key: Path
    ca: Path
    username: str | None = None

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(self.certificate, self.key)
        return context


def identify(
    authority: Authority,
    folder: Path,
    name: str,
    *,
    days: int = 30,
    ago_days: int = 0,
    hosts: tuple[str, ...] = (),
    is_dotted: bool = False,
) -> Identity:
    """A new certificate of that authority, made so many days ago."""
    place = folder / f"{name.replace('/', '_')}-{len(list(folder.glob('*.key')))}"
    key = ec.generate_private_key(ec.SECP256R1())
    certificate_file, key_file = place.with_suffix(".crt"), place.with_suffix(".key")
    write_key(key_file, key)
    now_utc = datetime.now(timezone.utc) - timedelta(days=ago_days)
    certificate_file.write_bytes(authority.sign(make_request(key, name), now_utc, days, hosts, is_dotted=is_dotted))
    username = dotted_name(name) if is_dotted else None
    return Identity(name, certificate_file, key_file, folder / "authority" / "ca.crt", username)


class FleetBroker:
    """The authority, and a Mosquitto that trusts it alone. Usable with `with`, which starts the broker."""

    refusal = NOT_AUTHORISED

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.authority = Authority.make(folder / "authority", "test fleet", datetime.now(timezone.utc))
        own = identify(self.authority, folder, "host/broker", hosts=("127.0.0.1", "localhost"))
        memory, port = folder / "memory", free_port()
        memory.mkdir()
        files = BrokerFiles(own.ca, own.certificate, own.key, self.authority.revoked_file, memory)
        configuration = write_broker_config(folder / "written", files, [SERVER], port)
        self.broker = Broker(folder / "broker", configuration=(configuration, port))

    @property
    def port(self) -> int:
        return self.broker.port

    def identity(self, name: str, **other: Any) -> Identity:
        return identify(self.authority, self.folder, name, **other)

    def log(self) -> str:
        return self.broker.log()

    def __enter__(self) -> "FleetBroker":
        self.broker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.stop()


class FleetEjabberd:
    """The same with an ejabberd, which lets these boxes alone to their topics."""

    refusal = TOPIC_INVALID

    def __init__(self, folder: Path, boxes: tuple[str, ...]) -> None:
        folder.mkdir()
        self.folder, self.port = folder, free_port()
        self.authority = Authority.make(folder / "authority", "test fleet", datetime.now(timezone.utc))
        own = identify(self.authority, folder, "host/broker", hosts=("127.0.0.1", "localhost"))
        files = BrokerFiles(own.ca, own.certificate, own.key, self.authority.revoked_file, folder)
        written = write_ejabberd_config(folder / "written", files, [SERVER], boxes, self.port, "127.0.0.1")
        self.node = EjabberdNode(folder / "node", (written, self.port))

    def identity(self, name: str, **other: Any) -> Identity:
        return identify(self.authority, self.folder, name, is_dotted=True, **other)

    def log(self) -> str:
        return self.node.log()

    def __enter__(self) -> "FleetEjabberd":
        self.node.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.node.kill()


class FleetClient:
    """An MQTT 5 client that is not ours, with a certificate. Usable with `with`, which leaves."""

    def __init__(self, port: int, identity: Identity, client_id: str = "whatever") -> None:
        self.received: list[tuple[str, bytes]] = []
        self._codes: dict[int, int] = {}
        self._granted: set[int] = set()
        self._connected: bool | None = None
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )  # fmt: skip
        self._client.tls_set_context(identity.context())
        self._client.username_pw_set(identity.username)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = lambda _client, _data, message: self.received.append((message.topic, message.payload))
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = lambda _client, _data, mid, *_: self._granted.add(mid)
        try:
            self._client.connect("127.0.0.1", port)
        except OSError:
            self._connected = False
        self._turn_until(lambda: self._connected is not None)

    @property
    def is_connected(self) -> bool:
        """Let in, and not thrown out as far as one has heard."""
        self._turn()
        return bool(self._connected)

    def publish(self, topic: str, payload: bytes = b"x") -> int:
        """The broker's reason code for QoS 1."""
        mid = self._client.publish(topic, payload, qos=1).mid
        self._turn_until(lambda: mid in self._codes)
        return self._codes[mid]

    def subscribe(self, topic: str) -> None:
        """Returns when the broker has answered, whatever it said."""
        mid = self._client.subscribe(topic, qos=1)[1]
        assert mid is not None
        self._turn_until(lambda: mid in self._granted)

    def collect(self, until: bytes, timeout_s: float = 5.0) -> list[tuple[str, bytes]]:
        """What came, up to a message with that payload, which the test sends last."""
        self._turn_until(lambda: any(payload == until for _, payload in self.received), timeout_s)
        return [one for one in self.received if one[1] != until]

    def __enter__(self) -> "FleetClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._turn()

    def _turn(self) -> None:
        self._client.loop(0.05)

    def _turn_until(self, is_so: Any, timeout_s: float = 5.0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not is_so():
            assert time.monotonic() < deadline_s, "the broker has not answered"
            self._turn()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        self._connected = not code.is_failure

    def _on_disconnect(self, *_: Any) -> None:
        self._connected = False

    def _on_publish(self, _client: Any, _data: Any, mid: int, code: Any, _properties: Any) -> None:
        self._codes[mid] = int(code.value)
