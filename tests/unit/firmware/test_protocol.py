"""Every message comes back as it was; what is no message is refused by name."""

import pytest

from firmware.protocol import (
    FROM_FIRMWARE,
    FROM_STATION,
    LONGEST_LINE,
    Action,
    BoardState,
    Button,
    ButtonEvent,
    Goodbye,
    Hello,
    Message,
    Phase,
    ProgressCounters,
    ProtocolError,
    Refused,
    SetLight,
    Simulate,
    StationStatus,
    WatchdogState,
    decode,
    encode,
    require_same_version,
)

FULLEST = BoardState(
    board="b" * 100,
    model="m" * 200,
    is_simulated=False,
    problem="p" * 1000,
    buttons=tuple(Button),
    pressed=tuple(Button),
    lamp="l" * 20,
    light_level=0.123456789012345,
    temperatures_c={f"{'t' * 30}{number:02}": 61.123456789012345 for number in range(16)},
    fans_rpm={f"{'f' * 30}{number:02}": 123456 for number in range(8)},
    watchdog=WatchdogState(device="d" * 200, reason="r" * 500),
)


@pytest.mark.parametrize(
    "message",
    [
        Hello(software="nailfold 0.1.0"),
        Refused(reason="another station is connected"),
        ButtonEvent(button=Button.PEDAL, action=Action.PRESSED, at_monotonic_s=12.25),
        FULLEST,
    ],
)
def test_what_firmware_says_arrives_as_it_was(message: Message) -> None:
    line = encode(message)
    assert line.count(b"\n") == 1
    assert decode(line, FROM_FIRMWARE) == message


@pytest.mark.parametrize(
    "message",
    [
        Hello(software="nailfold 0.1.0"),
        StationStatus(phase=Phase.FAULT, reason="no camera", progress=ProgressCounters(frames=1, store=2, web=3)),
        SetLight(level=0.5),
        Simulate(button=Button.CAPTURE, is_pressed=True),
        Goodbye(),
    ],
)
def test_what_the_station_says_arrives_as_it_was(message: Message) -> None:
    assert decode(encode(message), FROM_STATION) == message


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b"not json", "JSON"),
        (b'{"type":"reboot"}', "reboot"),
        (b'{"type":"light","level":1.5}', "level"),
        (b'{"type":"light","level":NaN}', "level"),
        (b'{"type":"light","level":0.5,"patient":"x"}', "patient"),
        (b'{"type":"button","button":"capture","action":"pressed","at_monotonic_s":1}', "button"),
        (b"\xff\xfe", "JSON"),
    ],
)
def test_what_is_no_message_of_the_station_is_refused(line: bytes, named: str) -> None:
    with pytest.raises(ProtocolError, match=named):
        decode(line, FROM_STATION)


def test_a_message_longer_than_a_line_is_never_sent() -> None:
    crowd = FULLEST.model_copy(update={"temperatures_c": {"x" * 1000 + str(number): 1.0 for number in range(10)}})
    with pytest.raises(ProtocolError, match=f"At most {LONGEST_LINE}"):
        encode(crowd)


def test_the_fullest_state_fits_a_line() -> None:
    assert len(encode(FULLEST)) < LONGEST_LINE


def test_another_version_is_refused_and_both_are_named() -> None:
    require_same_version(Hello(software="nailfold 0.1.0"))
    with pytest.raises(ProtocolError, match=r"\(nailfold 9\) speaks version 2, this one 1"):
        require_same_version(Hello(version=2, software="nailfold 9"))
    with pytest.raises(ProtocolError, match="no hello"):
        require_same_version(Goodbye())
