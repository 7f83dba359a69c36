"""What the rates of the fleet stand beside: publishers that do nothing else, and to whom nobody listens.

`bare_rate` is one publisher on one connection. `python tests/load/bare_publishers.py PORT FIRST COUNT RESULTS` is COUNT
of them in one process, each on a connection of its own as a box has it: it connects, prints "filled", waits for a
line, publishes RESULTS of each, prints "done" once the broker has taken all, and ends. Both are paho as it comes, with
the payload and the QoS of the results, at most 20 without an answer a connection, which is what Mosquitto grants. No
property, no database, no receipt, no answer of a server.
"""

import select
import selectors
import sys
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.load import fleet_boxes
from tests.load.processes import LoadProcesses, Process, wait_for, write_line

BARE_MESSAGES = 2000
_FLEET_MESSAGES = 10_000
_KEEPALIVE_S = 600


class BarePublisher:
    """One connection; `answered` counts what the broker has taken."""

    def __init__(self, port: int, name: str) -> None:
        self.answered, self._is_in = 0, False
        self._payload = fleet_boxes.message(name, "bare").payload
        self._topic = f"bare/{name}/results"
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_publish = self._on_publish
        self.client.on_connect = self._on_connect
        self.client.connect("127.0.0.1", port, _KEEPALIVE_S)
        while not self._is_in:
            # paho's own wait takes no socket above 1023.
            readable = select.poll()
            readable.register(self.client.socket(), select.POLLIN)
            readable.poll(1000)
            self.step()

    def publish(self, results: int) -> None:
        """Hand them to paho, which keeps within the broker's receive maximum."""
        for _ in range(results):
            self.client.publish(self._topic, self._payload, qos=1)

    def step(self) -> None:
        """Read what has come and write what is to go; raises SystemExit where the connection is gone."""
        self.client.loop_read()
        if self.client.want_write():
            self.client.loop_write()
        if self.client.socket() is None:
            raise SystemExit("the broker has closed the connection")

    def _on_connect(self, *_: Any) -> None:
        self._is_in = True

    def _on_publish(self, *_: Any) -> None:
        self.answered += 1


def bare_rate(port: int) -> float:
    """Messages a second of one publisher."""
    bare = BarePublisher(port, "bare")
    began_s = time.monotonic()
    bare.publish(BARE_MESSAGES)
    while bare.answered < BARE_MESSAGES:
        bare.client.loop(1.0)
    took_s = time.monotonic() - began_s
    bare.client.disconnect()
    bare.client.loop(0.1)
    return BARE_MESSAGES / took_s


def bare_fleet_rate(started: LoadProcesses, boxes: int, processes: int) -> float:
    """Messages a second of as many publishers, in as many processes, as there are boxes."""
    results = max(5, _FLEET_MESSAGES // boxes)
    running: list[Process] = []
    for number in range(processes):
        first = number * boxes // processes
        count = (number + 1) * boxes // processes - first
        command = [__file__, *map(str, (started.broker.port, first, count, results))]
        running.append(started.start(command, f"bare-{number}.log"))
    for process in running:
        wait_for(process, "filled")
    began_s = time.monotonic()
    for process in running:
        write_line(process)
    for process in running:
        wait_for(process, "done")
    took_s = time.monotonic() - began_s
    for process in running:
        process.wait()
    return boxes * results / took_s


def main(port: int, first: int, count: int, results: int) -> None:
    made = [BarePublisher(port, f"bare-{number}") for number in range(first, first + count)]
    fleet_boxes.say("filled")
    sys.stdin.readline()
    with selectors.DefaultSelector() as selector:
        for bare in made:
            bare.publish(results)
            selector.register(bare.client.socket(), selectors.EVENT_READ | selectors.EVENT_WRITE, bare)
        while sum(bare.answered for bare in made) < count * results:
            for key, _ in selector.select(1.0):
                key.data.step()
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if key.data.client.want_write() else 0)
                if wanted != key.events:
                    selector.modify(key.fileobj, wanted, key.data)
    fleet_boxes.say("done")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:5]))
