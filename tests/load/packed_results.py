"""Results without boxes: packets made beforehand, sent as fast as broker and ingest take them.

`python tests/load/packed_results.py PORT BOXES RESULTS` packs RESULTS of each of BOXES boxes, prints "filled", waits
for a line, sends, prints "done" when every result has its receipt, and ends. Each box has a connection of its own,
keeps within the broker's receive maximum and acknowledges its receipts: broker and ingest do what they do for boxes.
What a box itself does (a database, commits, a client in Python) is left out, as in a fleet it is done elsewhere.
"""

import selectors
import socket
import struct
import sys
from collections import deque
from pathlib import Path

import uuid_utils

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.ports import QueuedMessage
from appliance.transport.properties import result_properties
from tests.load import fleet_boxes

SITE = "packed"
WINDOW = 20
"""Results of a box that may be without their receipt, as a box has it, and what Mosquitto grants."""
_VERSION_5_CLEAN = b"\x05\x02\x00\x3c\x00"
_CONNECT, _PUBLISH, _PUBACK, _SUBSCRIBE = 0x10, 0x30, 0x40, 0x82


def packet(kind: int, body: bytes) -> bytes:
    """With its length in front (MQTT 5.0, 1.5.5)."""
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (128 if length else 0))
        if not length:
            return bytes([kind]) + bytes(digits) + body


def text(value: str) -> bytes:
    return struct.pack("!H", len(value.encode())) + value.encode()


def publish(box: str, seq: int) -> bytes:
    """A result with QoS 1 under its number, as the product's own properties have it."""
    message = fleet_boxes.message(box, str(uuid_utils.uuid7()), SITE)
    properties = result_properties(QueuedMessage(seq, message, 0), None).pack()  # type: ignore[no-untyped-call]
    topic = f"nailfold/v1/{SITE}/{box}/results/{message.msg_id}"
    return packet(_PUBLISH | 2, text(topic) + struct.pack("!H", seq) + properties + message.payload)


class PackedBox:
    """The packets of one box and its connection; `answered` counts receipts."""

    def __init__(self, port: int, number: int, results: int) -> None:
        name = f"box-{number}"
        self._waiting = deque(publish(name, seq) for seq in range(1, results + 1))
        self._name, self._port, self._heard, self.answered = name, port, bytearray(), 0

    def connect(self) -> socket.socket:
        """And subscribe to the receipts."""
        network = self.network = socket.create_connection(("127.0.0.1", self._port))
        client_id = text(f"packed-{self._name}")
        topic = text(f"nailfold/v1/{SITE}/{self._name}/receipts/+")
        network.sendall(packet(_CONNECT, text("MQTT") + _VERSION_5_CLEAN + client_id))
        network.sendall(packet(_SUBSCRIBE, b"\x00\x01\x00" + topic + b"\x01"))
        return network

    def send(self, most: int) -> None:
        """So many of the results that wait."""
        ready = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        if ready:
            self.network.sendall(b"".join(ready))

    def receive(self) -> None:
        """What came; for each receipt the next result."""
        came = self.network.recv(1 << 16)
        if not came:
            raise SystemExit("the broker has closed the connection")
        self._heard += came
        receipts, answers = 0, bytearray()
        while (found := _first_packet(self._heard)) is not None:
            kind, body = found
            if kind & 0xF0 == _PUBLISH:
                behind = 2 + int.from_bytes(body[:2], "big")
                answers += packet(_PUBACK, body[behind : behind + 2])
                receipts += 1
        if answers:
            self.network.sendall(answers)
        self.answered += receipts
        self.send(receipts)


def _first_packet(heard: bytearray) -> tuple[int, bytes] | None:
    """Taken out of what was heard; None where it is not whole."""
    length, at = 0, 1
    while at < len(heard):
        digit = heard[at]
        length += (digit & 127) << 7 * (at - 1)
        at += 1
        if not digit & 128:
            if len(heard) < at + length:
                return None
            kind, body = heard[0], bytes(heard[at : at + length])
            del heard[: at + length]
            return kind, body
    return None


def main(port: int, boxes: int, results: int) -> None:
    made = [PackedBox(port, number, results) for number in range(boxes)]
    fleet_boxes.say("filled")
    sys.stdin.readline()
    with selectors.DefaultSelector() as selector:
        for box in made:
            selector.register(box.connect(), selectors.EVENT_READ, box)
            box.send(WINDOW)
        while sum(box.answered for box in made) < boxes * results:
            for key, _ in selector.select():
                key.data.receive()
    fleet_boxes.say("done")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
