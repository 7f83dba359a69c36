"""Whether a scale is plausible for its scope, and which scope a camera's id means."""

import pytest

from appliance.domain.device_profile import DeviceProfile, KnownField
from appliance.domain.field_hint import FieldHint, Plausibility, field_hint

KNOWN = KnownField("220x", 1600.0, "its maker")
SCOPE = DeviceProfile("scope", "Scope", ("a168:0978", "a169:*"), ("220x",), (), (KNOWN,))


@pytest.mark.parametrize(("um_per_px", "fits"), [(2.5, True), (2.87, True), (2.89, False), (2.13, True), (2.11, False)])
def test_a_scale_is_held_against_the_devices_own_field(um_per_px: float, fits: bool) -> None:
    found = field_hint(um_per_px, 640, SCOPE, "220x")
    verdict = Plausibility.FITS if fits else Plausibility.DIFFERS
    assert found == FieldHint(verdict, pytest.approx(640 * um_per_px), KNOWN)


def test_without_a_known_field_only_what_nobody_published_is_odd() -> None:
    for um_per_px, verdict in ((3.0, Plausibility.UNKNOWN), (1.0, Plausibility.UNUSUAL), (11.0, Plausibility.UNUSUAL)):
        assert field_hint(um_per_px, 640, SCOPE, "200x").plausibility is verdict
    assert field_hint(1.0, 640, SCOPE, "50x").plausibility is Plausibility.UNKNOWN


@pytest.mark.parametrize(
    ("device_id", "is_it"),
    [
        ("a168:0978", True),
        ("a168:0978:serial", True),
        ("a168:0978@1-2", True),
        ("a168:0979", False),
        ("a169:ffff@3", True),
        ("a168", False),
    ],
)
def test_a_cameras_id_names_its_scope(device_id: str, is_it: bool) -> None:
    assert SCOPE.is_of(device_id) is is_it
