"""What a broker lacks is read from its CONNACK."""

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from appliance.transport.broker_abilities import lacks


def granted(**said: int) -> Properties:
    properties = Properties(PacketTypes.CONNACK)  # type: ignore[no-untyped-call]
    for name, value in said.items():
        setattr(properties, name, value)
    return properties


def test_broker_that_says_nothing_lacks_nothing() -> None:
    assert lacks(granted(), 7.0, is_sharing=True) == ()
    assert lacks(None, 7.0, is_sharing=True) == ()


def test_each_lack_is_named_with_what_follows_from_it() -> None:
    said = granted(SharedSubscriptionAvailable=0, RetainAvailable=0, MaximumQoS=0, SessionExpiryInterval=300)
    shared, retained, qos, session = lacks(said, 7.0, is_sharing=True)
    assert "ingest.part" in shared
    assert "retains nothing" in retained
    assert "QoS 0" in qos
    assert "0.00347 days instead of 7" in session


def test_what_was_not_asked_for_is_not_missed() -> None:
    said = granted(SharedSubscriptionAvailable=0, SessionExpiryInterval=604_800)
    assert lacks(said, 7.0, is_sharing=False) == ()
