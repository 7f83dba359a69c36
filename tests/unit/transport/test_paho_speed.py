"""What is faster in paho takes and refuses what paho's own does."""

import paho.mqtt.properties as paho_properties
import pytest
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from appliance.transport.paho_speed import PAHOS_OWN, ident_of, read_utf, take_over

PAHOS_READER, PAHOS_FINDER = PAHOS_OWN


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
