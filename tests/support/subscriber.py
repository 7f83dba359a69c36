"""mosquitto_sub as the receiver of results: a program that is not ours."""

import json
import subprocess
import time
from dataclasses import dataclass
from typing import Any

_LONGEST_S = 10.0
_CLIENT = ("-i", "receiver", "-c", "-x", "3600", "-q", "1", "-V", "5")


@dataclass(frozen=True)
class Arrival:
    """One message as mosquitto_sub printed it."""

    topic: str
    is_retained: bool
    content_type: str
    properties: dict[str, str]
    document: dict[str, Any]


class Subscriber:
    """A receiver with a session of its own: the broker keeps what comes while nobody looks.

    Args:
        options: further options of mosquitto_sub, such as a user name.
    """

    def __init__(self, port: int, topic: str, options: tuple[str, ...] = ()) -> None:
        self._command = ("mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", topic, *options)
        subprocess.run([*self._command, *_CLIENT, "-E"], check=True, capture_output=True, timeout=10)

    def collect(self, quiet_s: int = 1, at_least: int = 0) -> list[Arrival]:
        """Everything that came until now, after waiting so long for more.

        Args:
            at_least: so many are waited for, up to ten seconds: a busy broker gives out its messages when it can.
        """
        deadline_s = time.monotonic() + _LONGEST_S
        arrivals = self._within(quiet_s)
        while len(arrivals) < at_least and time.monotonic() < deadline_s:
            arrivals += self._within(quiet_s)
        return arrivals

    def _within(self, quiet_s: int) -> list[Arrival]:
        format_ = "%t\t%r\t%C\t%P\t%p"
        command = [*self._command, *_CLIENT, "-F", format_, "-W", str(quiet_s)]
        # 27: the time that -W gives is over.
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
        assert ended.returncode in (0, 27), ended.stderr
        return [_arrival(line) for line in ended.stdout.splitlines()]


def read_retained(port: int, topic: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """The retained document on one topic."""
    where = ("-h", "127.0.0.1", "-p", str(port), *options)
    command = ("mosquitto_sub", *where, "-V", "5", "-t", topic, "-C", "1", "-W", "5")
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10)
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def publish(port: int, topic: str, *payloads: str) -> None:
    """Messages with QoS 1, from somebody else."""
    command = ("mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-V", "5", "-q", "1", "-t", topic, "-l")
    lines = "".join(f"{payload}\n" for payload in payloads)
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=10, input=lines)


def _arrival(line: str) -> Arrival:
    topic, retained, content_type, properties, payload = line.split("\t", 4)
    pairs = dict(pair.split(":", 1) for pair in properties.split())
    return Arrival(topic, retained == "1", content_type, pairs, json.loads(payload))
