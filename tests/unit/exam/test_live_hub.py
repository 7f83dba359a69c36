"""The live hub between the engine and whoever watches."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import simplejpeg

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.errors import SettingsError
from appliance.domain.frame import Frame
from appliance.exam.live import LiveHub, LiveSettings
from appliance.exam.live_message import decode_live_message, encode_live_message
from tests.support.exam_parts import HeldClock, shown_frame


@pytest.fixture
def hub() -> Iterator[LiveHub]:
    with LiveHub() as running:
        yield running


def publish(hub: LiveHub, seq: int) -> AnalysedFrame:
    shown = shown_frame(seq, time.monotonic())
    hub.publish(shown.frame, shown.analysis)
    return shown


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "did not happen within 5 s"
        time.sleep(0.005)


def header_of(message: bytes | None) -> dict[str, object]:
    assert message is not None, "no picture came"
    return decode_live_message(message)[0]


def test_picture_and_result_of_one_frame_travel_in_one_message(hub: LiveHub) -> None:
    subscription = hub.subscribe()
    shown = publish(hub, 7)
    header, jpeg = decode_live_message(subscription.wait_picture(5) or b"")
    assert header["seq"] == 7
    assert header["captured_monotonic_s"] == shown.frame.captured_monotonic_s
    assert header["captured_at_utc"] == "2026-11-22T12:00:07.000Z"
    assert header["stage_ms"] == {"total": 20.0}
    assert header["image"]["capillaries"][0]["track_id"] == 17
    assert simplejpeg.decode_jpeg_header(jpeg)[3] == "420"
    decoded = simplejpeg.decode_jpeg(jpeg, colorspace="RGB")
    difference = np.abs(decoded.astype(int) - shown.frame.image_rgb)
    assert difference.max() <= 4, "the JPEG is not this picture in RGB"


def test_impossible_picture_quality_is_refused() -> None:
    with pytest.raises(SettingsError, match="jpeg_quality of the live view is 0"):
        LiveSettings(jpeg_quality=0)


def test_picture_with_the_result_of_another_frame_is_refused() -> None:
    one, other = shown_frame(1, 1.0), shown_frame(2, 2.0)
    with pytest.raises(ValueError, match="picture 1 and result 2"):
        encode_live_message(one.frame, other.analysis, 85)


def test_nothing_is_encoded_while_nobody_listens(hub: LiveHub) -> None:
    for seq in range(5):
        publish(hub, seq)
    subscription = hub.subscribe()
    assert subscription.wait_picture(0.2) is None, "an old picture was kept for a later listener"
    subscription.close()
    publish(hub, 6)
    time.sleep(0.1)
    assert hub.frames_encoded == 0


def test_every_listener_gets_the_same_bytes_encoded_once(hub: LiveHub) -> None:
    subscriptions = [hub.subscribe() for _ in range(4)]
    publish(hub, 1)
    received = [subscription.wait_picture(5) for subscription in subscriptions]
    assert all(message is received[0] for message in received)
    assert hub.frames_encoded == 1


def test_slow_listener_gets_the_newest_picture_and_never_an_old_one(hub: LiveHub) -> None:
    slow, quick = hub.subscribe(), hub.subscribe()
    for seq in range(1, 6):
        publish(hub, seq)
        assert header_of(quick.wait_picture(5))["seq"] == seq
    wait_until(lambda: slow.dropped == 4)
    assert header_of(slow.take_picture())["seq"] == 5
    assert slow.take_picture() is None
    assert quick.dropped == 0


def test_publishing_never_waits_for_the_encoder(hub: LiveHub) -> None:
    subscription = hub.subscribe()
    large = np.zeros((3000, 4000, 3), np.uint8)
    shown = shown_frame(0, 0.0)
    frame = Frame(0, large, 0.0, shown.frame.captured_at_utc, shown.frame.camera)
    hub.publish(frame, shown.analysis)
    began_s = time.monotonic()
    for _ in range(50):
        hub.publish(frame, shown.analysis)
    # Encoding fifty of these takes several seconds.
    assert time.monotonic() - began_s < 0.5
    assert subscription.wait_picture(5) is not None
    assert hub.frames_skipped >= 40


def test_picture_that_cannot_be_encoded_does_not_end_the_live_view(
    hub: LiveHub, caplog: pytest.LogCaptureFixture
) -> None:
    subscription = hub.subscribe()
    good, other = shown_frame(1, 1.0), shown_frame(2, 2.0)
    hub.publish(good.frame, other.analysis)
    wait_until(lambda: "picture 1 could not be encoded" in caplog.text)
    publish(hub, 3)
    assert header_of(subscription.wait_picture(5))["seq"] == 3


def test_state_reaches_every_listener_and_whoever_comes_later(hub: LiveHub) -> None:
    early = hub.subscribe()
    hub.publish_status({"camera": {"phase": "lost", "reason": "unplugged"}})
    late = hub.subscribe()
    for subscription in (early, late):
        assert json.loads(subscription.take_status() or "") == {
            "type": "status",
            "camera": {"phase": "lost", "reason": "unplugged"},
        }
        assert subscription.take_status() is None


def test_asyncio_listener_is_woken_from_the_hubs_threads(hub: LiveHub) -> None:
    async def listen() -> dict[str, object]:
        came = asyncio.Event()
        loop = asyncio.get_running_loop()
        subscription = hub.subscribe(lambda: loop.call_soon_threadsafe(came.set))
        threading.Timer(0.05, publish, (hub, 9)).start()
        await asyncio.wait_for(came.wait(), 5)
        return header_of(subscription.take_picture())

    assert asyncio.run(listen())["seq"] == 9


def test_engine_rate_is_counted_watched_or_not() -> None:
    clock = HeldClock()
    hub = LiveHub(LiveSettings(fps_window_s=2.0), clock.monotonic_s)
    for seq in range(20):
        publish(hub, seq)
        clock.advance(0.1)
    assert hub.engine_fps == 10.0
    clock.advance(3)
    assert hub.engine_fps == 0.0


def test_closed_listener_gets_nothing_more(hub: LiveHub) -> None:
    gone, stays = hub.subscribe(), hub.subscribe()
    gone.close()
    gone.close()
    publish(hub, 1)
    assert stays.wait_picture(5) is not None
    assert gone.take_picture() is None
    assert hub.listeners == 1


def test_hub_can_be_stopped_twice_and_started_again() -> None:
    hub = LiveHub()
    hub.start()
    hub.stop()
    hub.stop()
    with hub:
        subscription = hub.subscribe()
        publish(hub, 1)
        assert subscription.wait_picture(5) is not None
