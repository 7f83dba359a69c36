"""The kinds of capillaroscope that the product knows of, from the file beside this module."""

from importlib import resources
from typing import Any

from appliance.domain.bounded_toml import bounded_toml
from appliance.domain.device_profile import DeviceProfile, KnownField

_FILE = "device_profiles.toml"


def device_profiles() -> tuple[DeviceProfile, ...]:
    """Every profile, the generic one last."""
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    return tuple(_profile(table) for table in bounded_toml(text)["profile"])


def _profile(table: dict[str, Any]) -> DeviceProfile:
    return DeviceProfile(
        key=table["key"],
        name=table["name"],
        usb=tuple(table.get("usb", ())),
        magnifications=tuple(table.get("magnifications", ())),
        frame_sizes=tuple((width, height) for width, height in table.get("frame_sizes", ())),
        fields=tuple(KnownField(**field) for field in table.get("field", ())),
    )
