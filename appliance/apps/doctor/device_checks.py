"""Doctor's look at what the settings ask for: engines, camera, broker."""

import secrets
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from appliance.apps.doctor.check import Check
from appliance.apps.engines.live_precision import live_precision
from appliance.apps.station.simulated_scope import SceneFactory
from appliance.capture.open_source import open_source
from appliance.capture.settings import CaptureSettings
from appliance.domain.counted import counted
from appliance.domain.errors import ApplianceError
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.transport.password import password_of
from appliance.transport.settings import MqttSettings
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render

# A clean healthy nailfold of this seed; every detector worth its name finds loops in it.
_SEED = 1
_BROKER_TIMEOUT_S = 5.0


def check_engines(settings: InferenceSettings) -> Check:
    """Whether the networks are the vouched ones and work: they are run on a rendered nailfold."""
    try:
        precision = live_precision(settings)
        engines = load_engine_set(precision.settings, "doctor")
        image = render(_SEED, um_per_px=1.41, pattern=Pattern.HEALTHY, difficulty=0.0).image_rgb
        started_s = time.perf_counter()
        boxes = [capillary.bbox for capillary in engines.detector.detect(image).capillaries]
        engines.keypoints.estimate(image, boxes)
        spent_ms = (time.perf_counter() - started_s) * 1000
    except ApplianceError as error:
        return Check("engines", False, True, error.message, error.remedy)
    runtime = engines.identity.runtime
    if not boxes:
        seen = f"{runtime} runs, but finds no capillary in a rendered nailfold"
        return Check("engines", False, True, seen, "Install the software again.")
    seen = (
        f"{runtime}, weights verified, {counted(len(boxes), 'capillary', 'capillaries')} in a rendered nailfold "
        f"in {spent_ms:.0f} ms; {precision.why}"
    )
    return Check("engines", True, True, seen)


def check_camera(settings: CaptureSettings) -> Check:
    """Whether the settings' source gives a picture. A station that runs holds its camera: stop it first."""
    source = None
    try:
        source = open_source(settings.source, settings, SceneFactory())
        camera = source.open()
        frame = source.read(settings.first_frame_timeout_s)
    except ApplianceError as error:
        return Check("camera", False, True, error.message, error.remedy)
    finally:
        if source is not None:
            source.close()
    if frame is None:
        seen = f"{camera.name} sent no picture for {settings.first_frame_timeout_s:g} s"
        return Check("camera", False, True, seen, "Unplug it and plug it in again.")
    size = f"{frame.width_px}x{frame.height_px}"
    return Check("camera", True, True, f"{camera.name}, {camera.pixel_format} {size}, from {settings.source}")


def check_broker(settings: MqttSettings) -> Check:
    """Whether the broker lets a client with this box's credentials in.

    A name of its own keeps it from pushing the running station off, except where the broker takes the name from the
    certificate; the station then connects again by itself.
    """
    place = f"{settings.host}:{settings.port}{' with TLS' if settings.tls else ''}"
    if not settings.enabled:
        return Check("broker", False, False, "publishing is switched off", "Set mqtt.enabled to send results.")
    answer: list[Any] = []
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"nailfold-doctor-{secrets.token_hex(4)}",
        protocol=MQTTProtocolVersion.MQTTv5,
    )
    client.on_connect = lambda _client, _data, _flags, reason_code, _properties: answer.append(reason_code)
    try:
        _identify(client, settings)
        client.connect(settings.host, settings.port, keepalive=10)
        deadline_s = time.monotonic() + _BROKER_TIMEOUT_S
        while not answer and time.monotonic() < deadline_s:
            client.loop(0.2)
        client.disconnect()
    except (OSError, ValueError) as error:
        remedy = "Check mqtt.host, mqtt.port, the network and the certificates; results wait on the box meanwhile."
        return Check("broker", False, True, f"no connection to {place}: {error}", remedy)
    if not answer:
        return Check("broker", False, True, f"{place} does not answer MQTT 5", "Check that an MQTT 5 broker is there.")
    if answer[0].is_failure:
        return Check("broker", False, True, f"{place} refused: {answer[0]}", "Check user name, password, certificate.")
    return Check("broker", True, True, f"{place} let this box in")


def _identify(client: paho.Client, settings: MqttSettings) -> None:
    if settings.tls:
        client.tls_set(
            ca_certs=_text(settings.ca_file),
            certfile=_text(settings.client_certificate_file),
            keyfile=_text(settings.client_key_file),
        )
    if settings.username is not None:
        client.username_pw_set(settings.username, password_of(settings))


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
