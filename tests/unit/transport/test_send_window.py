"""How many messages are in flight, and what ends a wait."""

import socket
import time

from appliance.transport.send_window import SendWindow
from appliance.transport.waker import Waker


def test_window_is_what_broker_and_box_allow() -> None:
    assert SendWindow(most=20).size(65_535) == 20
    assert SendWindow(most=20).size(3) == 3


def test_after_a_break_off_one_goes_at_a_time_until_as_many_were_answered_as_were_in_doubt() -> None:
    window = SendWindow(most=20)
    window.broke_off(3)
    window.broke_off(1)
    for _ in range(3):
        assert window.size(20) == 1
        window.answered()
    assert window.size(20) == 20


def test_waker_ends_a_wait_at_once_and_is_up_until_it_is_cleared() -> None:
    waker = Waker()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        waker.set()
        began_s = time.monotonic()
        assert not waker.wait(ours.fileno(), wants_write=False, timeout_s=30.0)
        assert time.monotonic() - began_s < 10
        assert waker.clear()
        assert not waker.clear()
        theirs.send(b"x")
        assert waker.wait(ours.fileno(), wants_write=False, timeout_s=30.0)
