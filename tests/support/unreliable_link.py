"""A TCP link to a broker that does to MQTT packets what networks and broken brokers do."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType

PUBACK = 4
Fault = Callable[[int, bytes, socket.socket], bool]
"""Of a packet to the box: its type, its bytes and the box's socket; whether the link goes on."""


def whole(_kind: int, packet: bytes, box: socket.socket) -> bool:
    """As it should be."""
    box.sendall(packet)
    return True


def swallows_acknowledgements(kind: int, packet: bytes, box: socket.socket) -> bool:
    """The broker has the message, and the box never hears so."""
    return kind == PUBACK or whole(kind, packet, box)


def doubles_acknowledgements(kind: int, packet: bytes, box: socket.socket) -> bool:
    """Each comes twice, the second time when its number may be in use again."""
    return whole(kind, packet * (2 if kind == PUBACK else 1), box)


def cuts_in_a_packet(kind: int, packet: bytes, box: socket.socket) -> bool:
    """The first acknowledgement breaks off in its middle."""
    if kind != PUBACK:
        return whole(kind, packet, box)
    box.sendall(packet[:2])
    return False


def goes_silent_in_a_packet(kind: int, packet: bytes, box: socket.socket) -> bool:
    """The first half of an acknowledgement comes, and then nothing more; the link stands."""
    if kind != PUBACK:
        return whole(kind, packet, box)
    box.sendall(packet[:2])
    while True:
        box.getpeername()  # raises OSError once the box has given up
        time.sleep(0.02)


def half_closes(kind: int, packet: bytes, box: socket.socket) -> bool:
    """The broker's side is closed, and still takes what the box sends."""
    if kind == PUBACK:
        box.shutdown(socket.SHUT_WR)
        return True
    with suppress(OSError):
        box.sendall(packet)
    return True


def speaks_nonsense(kind: int, packet: bytes, box: socket.socket) -> bool:
    """Bytes that are no packet, or a packet that ends before what it announces."""
    if kind != PUBACK:
        return whole(kind, packet, box)
    topic_that_is_no_text = b"\x30\x05\x00\x02\xc3\x28\x00"
    box.sendall(topic_that_is_no_text + bytes(range(255, -1, -1)))
    return True


def answers_what_nobody_asked(kind: int, packet: bytes, box: socket.socket) -> bool:
    """Acknowledgements of numbers that were never used, before the true ones."""
    strange = b"".join(bytes((0x40, 2)) + number.to_bytes(2, "big") for number in (0, 999, 65_535))
    return whole(kind, strange + packet if kind == PUBACK else packet, box)


def brings_bytes_one_by_one(kind: int, packet: bytes, box: socket.socket) -> bool:
    """Every byte is a segment of its own."""
    box.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return all(whole(kind, packet[at : at + 1], box) for at in range(len(packet)))


FAULTS: tuple[Fault, ...] = (
    swallows_acknowledgements,
    doubles_acknowledgements,
    cuts_in_a_packet,
    goes_silent_in_a_packet,
    half_closes,
    speaks_nonsense,
    answers_what_nobody_asked,
    brings_bytes_one_by_one,
)


class UnreliableLink:
    """Listens on `port` and passes on to a broker's. Usable with `with`.

    Args:
        fault: of the first `times` connections; those after are whole.
    """

    def __init__(self, broker_port: int, fault: Fault, times: int = 2) -> None:
        self._broker_port, self._fault, self._left = broker_port, fault, times
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> "UnreliableLink":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                box = self._listening.accept()[0]
                broker = socket.create_connection(("127.0.0.1", self._broker_port))
                self._open += [box, broker]
                fault = self._fault if self._left > 0 else whole
                self._left -= 1
                for way in (lambda a=box, b=broker: _up(a, b), lambda a=broker, b=box, f=fault: _down(a, b, f)):
                    self._threads.append(threading.Thread(target=way))
                    self._threads[-1].start()


def _up(box: socket.socket, broker: socket.socket) -> None:
    with suppress(OSError):
        while said := box.recv(65_536):
            broker.sendall(said)
    _end(box, broker)


def _down(broker: socket.socket, box: socket.socket, fault: Fault) -> None:
    with suppress(OSError):
        for kind, packet in _packets(broker):
            if not fault(kind, packet, box):
                break
    _end(box, broker)


def _end(*links: socket.socket) -> None:
    for link in links:
        with suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)


def _packets(broker: socket.socket) -> Iterator[tuple[int, bytes]]:
    """(type, whole packet), by MQTT 5.0, 2.1; ends with the connection."""
    with broker.makefile("rb") as stream:
        while first := stream.read(1):
            length, shift, head = 0, 0, first
            while True:
                byte = stream.read(1)
                head += byte
                length |= (byte[0] & 0x7F) << shift
                shift += 7
                if byte[0] < 0x80:
                    break
            yield first[0] >> 4, head + stream.read(length)
