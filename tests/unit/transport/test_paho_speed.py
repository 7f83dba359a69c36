"""What is faster in paho takes and refuses what paho's own does."""

from collections.abc import Callable
from typing import Any

import paho.mqtt.properties as paho_properties
import pytest
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from appliance.transport.paho_speed import PAHOS_OWN, PAHOS_PACKING, begin, ident_of, pack, read_utf, take_over, unpack

PAHOS_READER, PAHOS_FINDER = PAHOS_OWN
PAHOS_BEGIN, PAHOS_PACK, PAHOS_UNPACK = PAHOS_PACKING


def packed(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


@pytest.mark.parametrize("text", ["", "msg_id", "Ünicode ✓", "\U0001f52c", "x" * 65_535, "a\x01b"])
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_same_text_is_read(text: str, kind: type[bytes] | type[bytearray]) -> None:
    buffer = kind(packed(text.encode()) + b"and more")
    assert read_utf(buffer, len(buffer)) == PAHOS_READER(buffer, len(buffer)) == (text, len(text.encode()) + 2)


@pytest.mark.parametrize(
    ("buffer", "maxlen"),
    [
        (b"\0", 1),
        (packed(b"abc"), 4),  # longer than what is left of the properties
        (packed(b"a\0b"), 5),
        (packed("a\ufeffb".encode()), 7),
        (packed(b"\xed\xa0\x80"), 5),  # a surrogate
        (packed(b"\xff"), 3),
    ],
)
def test_same_text_is_refused_in_the_same_way(buffer: bytes, maxlen: int) -> None:
    said = []
    for read in (read_utf, PAHOS_READER):
        with pytest.raises((MalformedPacket, UnicodeDecodeError)) as refused:
            read(buffer, maxlen)
        said.append((type(refused.value), str(refused.value)))
    assert said[0] == said[1]


def test_every_property_has_the_same_number() -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name in [*(name.replace(" ", "") for name in properties.names), "NoSuchProperty", ""]:
        assert ident_of(properties, name) == PAHOS_FINDER(properties, name)


def test_paho_uses_it_and_reads_what_it_wrote() -> None:
    take_over()
    assert paho_properties.readUTF is read_utf
    written, read = Properties(PacketTypes.PUBLISH), Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    written.UserProperty = [("msg_id", "01a2"), ("sha256", "f" * 64)]
    read.unpack(written.pack())  # type: ignore[no-untyped-call]
    assert read.UserProperty == [("msg_id", "01a2"), ("sha256", "f" * 64)]


def published(**properties: object) -> Properties:
    made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in properties.items():
        setattr(made, name, value)
    return made


A_RESULTS = published(ContentType="application/json", PayloadFormatIndicator=1, UserProperty=[("seq", "7"), ("é", "ß")])
SETS = [
    published(),
    A_RESULTS,
    published(MessageExpiryInterval=180, ContentType=""),
    published(UserProperty=[("k", "v" * 300)]),  # two bytes of length
    published(UserProperty=[("k", "v" * 17_000)]),  # three: paho's own reads it
    published(TopicAlias=3, ResponseTopic="a/b", CorrelationData=b"\0\xff", SubscriptionIdentifier=[1, 300]),
]


@pytest.mark.parametrize("properties", SETS)
def test_same_properties_are_written_and_read(properties: Properties) -> None:
    written = PAHOS_PACK(properties)
    assert pack(properties) == written
    read, by_paho = published(ContentType="before"), published(ContentType="before")
    length = unpack(read, written + b"payload")[1]
    assert length == len(written) == PAHOS_UNPACK(by_paho, written + b"payload")[1]
    assert vars(read) == vars(by_paho) == vars(properties)


def broken() -> list[bytes]:
    whole = PAHOS_PACK(A_RESULTS)
    cut = [whole[:at] for at in range(len(whole))]
    changed = [
        whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :] for at in range(len(whole)) for bit in (1, 2, 128)
    ]
    return [*cut, *changed, b"\x80\x00", b"\x81\x80\x00", b"\xff\xff\xff\xff\x01", b"\x02\x01\x02", b"\x02\x63\x01"]


def outcome(unpacks: Callable[..., Any], buffer: bytes) -> object:
    properties = published()
    try:
        length = unpacks(properties, buffer)[1]
    except Exception as error:
        return type(error), str(error)
    return length, vars(properties)


@pytest.mark.parametrize("buffer", broken())
def test_same_properties_are_refused_in_the_same_way(buffer: bytes) -> None:
    assert outcome(unpack, buffer) == outcome(PAHOS_UNPACK, buffer)


def test_properties_of_every_packet_begin_as_pahos_do() -> None:
    for kind in (PacketTypes.CONNECT, PacketTypes.PUBLISH, PacketTypes.PUBACK):
        made, pahos = Properties.__new__(Properties), Properties.__new__(Properties)
        begin(made, kind)
        PAHOS_BEGIN(pahos, kind)
        assert vars(made) == vars(pahos)
