"""Where results go."""

import re
import socket
from dataclasses import dataclass, field
from pathlib import Path

from appliance.domain.errors import SettingsError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def host_name() -> str:
    """This computer's name with what a topic does not take replaced by dashes."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:64] or "box"


@dataclass(frozen=True)
class MqttSettings:
    """The broker and this box's place in its topics.

    Attributes:
        enabled: False keeps every result on the box; nothing is ever sent by default.
        host, port: of the broker; 8883 is MQTT over TLS, 1883 without.
        site, box: letters, digits, dash and underscore; they appear in every topic; the box is this computer's name
            unless set. Two boxes with the same names would push one another off the broker.
        tls: encrypt, and check the broker's certificate.
        ca_file: who may sign the broker's certificate; None takes the system's list.
        client_certificate_file, client_key_file: this box's own certificate; both or neither.
        username: None where the certificate is enough.
        password_file: holds the password alone; a password is never a setting.
        keepalive_s: silence after which either side calls the connection lost.
        session_expiry_days: how long the broker keeps receipts for a box that is switched off.
        answer_timeout_s: after a message was written to the network; without an answer the connection is made anew.
        reconnect_first_s, reconnect_longest_s: wait between attempts, doubled each time, with jitter.
        will_delay_s: the broker tells others that the box is gone after this; above the usual time to reconnect.
        needs_subscriber: the broker's "no matching subscribers" counts as not delivered. False for brokers whose rules
            take results without a subscription.
    """

    enabled: bool = False
    host: str = "localhost"
    port: int = 8883
    site: str = "site"
    box: str = field(default_factory=host_name)
    tls: bool = True
    ca_file: Path | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    keepalive_s: int = 30
    session_expiry_days: float = 7.0
    answer_timeout_s: float = 20.0
    reconnect_first_s: float = 1.0
    reconnect_longest_s: float = 60.0
    will_delay_s: int = 90
    needs_subscriber: bool = True

    def __post_init__(self) -> None:
        for key, name in (("site", self.site), ("box", self.box)):
            if not _NAME.fullmatch(name):
                raise SettingsError(f"mqtt.{key} is {name!r}", "Use 1 to 64 letters, digits, dashes or underscores.")
        if (self.client_certificate_file is None) != (self.client_key_file is None):
            raise SettingsError("mqtt has a certificate or a key, not both", "Set both files or neither.")
        if not self.tls and (self.ca_file or self.client_certificate_file):
            raise SettingsError("mqtt.tls is off but certificates are set", "Set mqtt.tls = true.")
        if not 1 <= self.port <= 65_535:
            raise SettingsError(f"mqtt.port is {self.port}", "Use 1 to 65535.")
        if not 5 <= self.keepalive_s <= 65_535:
            raise SettingsError(f"mqtt.keepalive_s is {self.keepalive_s}", "Use 5 to 65535.")
        if not 0 < self.reconnect_first_s <= self.reconnect_longest_s:
            raise SettingsError("mqtt.reconnect_longest_s is below mqtt.reconnect_first_s", "Swap them.")

    @property
    def client_id(self) -> str:
        return f"nailfold-{self.site}-{self.box}"
