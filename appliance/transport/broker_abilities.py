"""What a broker said in its CONNACK that it cannot do, in the operator's words."""

from paho.mqtt.properties import Properties

SECONDS_A_DAY = 86_400


def lacks(granted: Properties | None, asked_expiry_days: float, *, is_sharing: bool) -> tuple[str, ...]:
    """Each line one thing; none for a broker that can do all that was asked of it (MQTT 5.0, 3.2.2.3).

    Args:
        is_sharing: a shared subscription was asked for.
        asked_expiry_days: for how long the session was to be kept; a broker that keeps it shorter names its own time.
    """
    if granted is None:
        return ()
    found = []
    if is_sharing and getattr(granted, "SharedSubscriptionAvailable", 1) == 0:
        found.append("it has no shared subscriptions: of several ingest workers each needs its part (ingest.part)")
    if getattr(granted, "RetainAvailable", 1) == 0:
        found.append("it retains nothing: who connects later does not know how the boxes are")
    if getattr(granted, "MaximumQoS", 2) == 0:
        found.append("it confirms nothing (QoS 0 alone): use another broker")
    kept_s, asked_s = getattr(granted, "SessionExpiryInterval", None), asked_expiry_days * SECONDS_A_DAY
    if kept_s is not None and kept_s < asked_s:
        found.append(
            f"it keeps a session for {kept_s / SECONDS_A_DAY:.3g} days instead of {asked_expiry_days:g}: "
            "receipts for a box that is off longer come when it sends again"
        )
    return tuple(found)
