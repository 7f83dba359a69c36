"""One connection to the broker beside the box's own, to see whether the settings fit; nothing is sent."""

import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from appliance.domain.errors import ExportError
from appliance.transport.connection import REFUSALS
from appliance.transport.encryption import tls_context
from appliance.transport.password import password_of
from appliance.transport.settings import MqttSettings

LONGEST_S = 10.0


def try_broker(settings: MqttSettings) -> None:
    """Return when the broker has let this box in, under a name of the broker's choice: the box stays connected.

    Raises:
        ExportError: nothing is to be sent by the settings, no answer, or refused; in the operator's words.
    """
    where = f"{settings.host}:{settings.port}"
    if not settings.enabled:
        raise ExportError("nothing is sent: mqtt.enabled is false", "Set it to true in the site's file.")
    answers: list[ReasonCode] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="", protocol=MQTTProtocolVersion.MQTTv5)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(reason)
    client.connect_timeout = min(LONGEST_S, max(1.0, settings.answer_timeout_s))
    deadline_s = time.monotonic() + LONGEST_S
    try:
        if settings.username is not None:
            client.username_pw_set(settings.username, password_of(settings))
        if settings.tls:
            client.tls_set_context(tls_context(settings))
        client.connect(settings.host, settings.port, keepalive=10)
        while not answers and time.monotonic() < deadline_s:
            client.loop(0.2)
    except (OSError, ValueError) as error:
        raise ExportError(f"no connection to {where}: {error}", "Check mqtt.host, mqtt.port and mqtt.tls.") from error
    finally:
        client.disconnect()
    if not answers:
        raise ExportError(f"{where} does not answer as a broker", "Check mqtt.port and mqtt.tls.")
    if answers[0].is_failure:
        said = REFUSALS.get(answers[0].value, f"the broker refused the connection ({answers[0]})")
        raise ExportError(said, "Change the settings, or the broker's list of who may come in.")
