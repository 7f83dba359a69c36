"""Five functions of paho's MQTT properties, faster: what they do and refuse stays the same, and tests compare them.

A result has some 400 characters of properties. paho reads them with a loop over every character, finds a property by
going through the names of all, their spaces taken out each time, and makes tables of 27 properties for every packet:
a third of what a worker spends on a result.
"""

import re
import struct
from typing import Any

import paho.mqtt.properties as paho_properties
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers

PAHOS_OWN = (paho_properties.readUTF, Properties.getIdentFromName)
PAHOS_PACKING = (Properties.__init__, Properties.pack, Properties.unpack)
_REFUSED = re.compile("[\ud800-\udfff\0\ufeff]")
_PAHOS = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
_TABLES = {"types": _PAHOS.types, "names": _PAHOS.names, "properties": _PAHOS.properties}
_IDENTS: dict[str, int] = {name.replace(" ", ""): ident for name, ident in _PAHOS.names.items()}
_OWN_MEMBERS = len(vars(_PAHOS))
_FORMAT_INDICATOR, _EXPIRY, _CONTENT_TYPE, _USER_PROPERTY = 1, 2, 3, 38
_MOST_IN_ONE_BYTE = 127
_SEVERAL = (11, _USER_PROPERTY)  # may stand more than once (MQTT 5.0, 3.3.2.3.7 and 3.3.2.3.8)
_WORDS = {
    "\0": "[MQTT-1.5.4-2] Null found in UTF-8 data",
    "\ufeff": "[MQTT-1.5.4-3] U+FEFF in UTF-8 data",
}


def read_utf(buffer: bytes, maxlen: int) -> tuple[str, int]:
    """The string at the begin of a buffer, and how many bytes it takes with its length.

    Raises:
        MalformedPacket: it is longer than what is there, or has a character that MQTT forbids.
        UnicodeDecodeError: it is not UTF-8; surrogates are not, either.
    """
    if maxlen < 2:
        raise MalformedPacket("Not enough data to read string length")
    (length,) = struct.unpack_from("!H", buffer)
    if length > maxlen - 2:
        raise MalformedPacket("Length delimited string too long")
    text = bytes(buffer[2 : 2 + length]).decode("utf-8")
    refused = _REFUSED.search(text)
    if refused is not None:
        raise MalformedPacket(_WORDS.get(refused[0], "[MQTT-1.5.4-1] D800-DFFF found in UTF-8 data"))
    return text, length + 2


def ident_of(_: Properties, name: str) -> int:
    """The number of a property by its name without spaces; -1 where there is none."""
    return _IDENTS.get(name, -1)


def begin(properties: Properties, packet_type: int) -> None:
    """`Properties(packet_type)`: paho's tables, which nothing changes, are the same for all."""
    vars(properties).update(packetType=packet_type, **_TABLES)


def pack(properties: Properties) -> bytes:
    """The properties on the wire, in paho's order."""
    there, buffer = vars(properties), b""
    for name, ident in _IDENTS.items():
        if name in there:
            kind = properties.properties[ident][0]
            for value in there[name] if ident in _SEVERAL else (there[name],):
                buffer += properties.writeProperty(ident, kind, value)  # type: ignore[no-untyped-call]
    return bytes(VariableByteIntegers.encode(len(buffer))) + buffer  # type: ignore[no-untyped-call]


def unpack(properties: Properties, buffer: bytes) -> tuple[Properties, int]:
    """The properties at the begin of a buffer, and how many bytes they take; paho's own where they are not usual."""
    found = _of_publish(buffer) if properties.packetType == PacketTypes.PUBLISH else None
    if found is None:
        pahos: tuple[Properties, int] = PAHOS_PACKING[2](properties, buffer)  # type: ignore[no-untyped-call]
        return pahos
    there = vars(properties)
    if len(there) > _OWN_MEMBERS:
        properties.clear()  # type: ignore[no-untyped-call]
    there.update(found[0])
    return properties, found[1]


def _of_publish(buffer: bytes) -> tuple[dict[str, Any], int] | None:
    """What boxes and servers send with a message, with its length; None for anything else, and for what is wrong."""
    found: dict[str, Any] = {}
    try:
        length, at = buffer[0], 1
        if length > _MOST_IN_ONE_BYTE:
            length, at = (length & 127) | buffer[1] << 7, 2
            if buffer[1] > _MOST_IN_ONE_BYTE or not buffer[1]:
                return None
        end = at + length
        while at < end:
            ident = buffer[at]
            if ident == _USER_PROPERTY:
                name, taken = read_utf(buffer[at + 1 : end], end - at - 1)
                at += 1 + taken
                value, taken = read_utf(buffer[at:end], end - at)
                at += taken
                found.setdefault("UserProperty", []).append((name, value))
            elif ident == _CONTENT_TYPE and "ContentType" not in found:
                found["ContentType"], taken = read_utf(buffer[at + 1 : end], end - at - 1)
                at += 1 + taken
            elif ident == _FORMAT_INDICATOR and "PayloadFormatIndicator" not in found and buffer[at + 1] <= 1:
                found["PayloadFormatIndicator"] = buffer[at + 1]
                at += 2
            elif ident == _EXPIRY and "MessageExpiryInterval" not in found:
                (found["MessageExpiryInterval"],) = struct.unpack_from("!L", buffer, at + 1)
                at += 5
            else:
                return None
    except (IndexError, MalformedPacket, UnicodeDecodeError, struct.error):
        return None
    return (found, end) if at == end <= len(buffer) else None


def take_over() -> None:
    """Let paho use them, in this process. Calling it twice is harmless."""
    paho_properties.readUTF = read_utf
    for name, faster in (("getIdentFromName", ident_of), ("__init__", begin), ("pack", pack), ("unpack", unpack)):
        setattr(Properties, name, faster)
