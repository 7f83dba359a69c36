"""What a USB capillaroscope tells the host of itself: USB Video Class 1.1, one bulk endpoint."""

import struct

VENDOR_ID, PRODUCT_ID = 0xA168, 0x0990
STRINGS = {1: "nailfold tests", 2: "Dino-Lite of the test bench", 3: "SN0042"}
STREAM_ENDPOINT = 0x81
MAX_PAYLOAD_BYTES = 1 << 20
CLOCK_HZ = 48_000_000

# Format index and frame index of the probe control, and their sizes.
MJPG, YUYV = 1, 2
FRAME_SIZES = {MJPG: ((640, 480), (1280, 960)), YUYV: ((640, 480), (320, 240))}
INTERVALS_100NS = (333_333, 1_000_000, 5_000_000)  # 30, 10 and 2 frames per second

_YUY2_GUID = bytes.fromhex("5955593200001000800000aa00389b71")


def device_descriptor() -> bytes:
    """A device of several interfaces; manufacturer, product and serial are strings 1 to 3."""
    return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x200, 0xEF, 2, 1, 64, VENDOR_ID, PRODUCT_ID, 0x100, 1, 2, 3, 1)


def string_descriptor(index: int) -> bytes | None:
    """String `index`, 0 being the list of languages; None if there is none."""
    if index == 0:
        return struct.pack("<BBH", 4, 3, 0x0409)
    if index not in STRINGS:
        return None
    text = STRINGS[index].encode("utf-16-le")
    return bytes((2 + len(text), 3)) + text


def configuration_descriptor() -> bytes:
    """The one configuration: a control interface and a streaming interface."""
    association = struct.pack("<BBBBBBBB", 8, 0x0B, 0, 2, 0x0E, 3, 0, 2)
    body = association + _control_interface() + _streaming_interface()
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 2, 1, 0, 0x80, 250) + body


def _control_interface() -> bytes:
    camera = struct.pack("<BBBBHBBHHHB3s", 18, 0x24, 2, 1, 0x0201, 0, 0, 0, 0, 0, 3, bytes(3))
    to_host = struct.pack("<BBBBHBBB", 9, 0x24, 3, 2, 0x0101, 0, 1, 0)
    units = camera + to_host
    header = struct.pack("<BBBHHIBB", 13, 0x24, 1, 0x0110, 13 + len(units), CLOCK_HZ, 1, 1)
    return struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 0, 0x0E, 1, 0, 2) + header + units


def _streaming_interface() -> bytes:
    mjpg_format = struct.pack("<BBBBBBBBBBB", 11, 0x24, 6, MJPG, len(FRAME_SIZES[MJPG]), 1, 1, 0, 0, 0, 0)
    yuyv_format = struct.pack(
        "<BBBBB16sBBBBBB", 27, 0x24, 4, YUYV, len(FRAME_SIZES[YUYV]), _YUY2_GUID, 16, 1, 0, 0, 0, 0
    )
    colour = struct.pack("<BBBBBB", 6, 0x24, 0x0D, 1, 1, 4)
    formats = mjpg_format + _frames(7, MJPG) + colour + yuyv_format + _frames(5, YUYV) + colour
    header = struct.pack(
        "<BBBBHBBBBBBB2s", 15, 0x24, 1, 2, 15 + len(formats), STREAM_ENDPOINT, 0, 2, 0, 0, 0, 1, bytes(2)
    )
    endpoint = struct.pack("<BBBBHB", 7, 5, STREAM_ENDPOINT, 2, 512, 0)
    return struct.pack("<BBBBBBBBB", 9, 4, 1, 0, 1, 0x0E, 2, 0, 0) + header + formats + endpoint


def _frames(subtype: int, format_index: int) -> bytes:
    return b"".join(
        _frame(subtype, number, width_px, height_px)
        for number, (width_px, height_px) in enumerate(FRAME_SIZES[format_index], 1)
    )


def _frame(subtype: int, number: int, width_px: int, height_px: int) -> bytes:
    size, count = width_px * height_px * 2, len(INTERVALS_100NS)
    head = struct.pack("<BBBBBHH", 26 + 4 * count, 0x24, subtype, number, 0, width_px, height_px)
    rates = struct.pack("<IIIIB", size * 80, size * 240, size, INTERVALS_100NS[0], count)
    return head + rates + struct.pack(f"<{count}I", *INTERVALS_100NS)
