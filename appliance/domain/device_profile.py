"""What is known of a kind of capillaroscope before it was ever calibrated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownField:
    """How wide the picture is at one magnification, as somebody published it.

    Attributes:
        magnification: "220x".
        width_um: of the whole picture, whatever its pixels.
        source: where that is written.
    """

    magnification: str
    width_um: float
    source: str


@dataclass(frozen=True)
class DeviceProfile:
    """A kind of capillaroscope. A profile never gives a scale: it suggests what to write and doubts what is odd.

    Attributes:
        key: short and stable.
        name: as the maker writes it.
        usb: "VID:PID" or "VID:*" of its USB cameras; empty where none is known.
        magnifications: offered for choice; empty where nothing is known. Others can always be written.
        frame_sizes: (width, height) that its makers name; empty where nothing is known.
        fields: known widths of the picture.
    """

    key: str
    name: str
    usb: tuple[str, ...] = ()
    magnifications: tuple[str, ...] = ()
    frame_sizes: tuple[tuple[int, int], ...] = ()
    fields: tuple[KnownField, ...] = ()

    def is_of(self, device_id: str) -> bool:
        """Whether a camera's id begins with one of its USB ids."""
        return any(_matches(usb, device_id) for usb in self.usb)

    def field_at(self, magnification: str) -> KnownField | None:
        """What is known at that magnification."""
        return next((known for known in self.fields if known.magnification == magnification), None)


def profile_of(profiles: tuple[DeviceProfile, ...], device_id: str) -> DeviceProfile:
    """The first whose USB ids fit; else the last, which is the generic one."""
    return next((profile for profile in profiles if profile.is_of(device_id)), profiles[-1])


def _matches(usb: str, device_id: str) -> bool:
    vid, _, pid = usb.partition(":")
    parts = device_id.replace("@", ":").split(":")
    return len(parts) >= 2 and parts[0] == vid and pid in ("*", parts[1])
