"""Temperatures and fans as the kernel tells them; reads only."""

from pathlib import Path

_MOST_ZONES, _MOST_FANS, _LONGEST_NAME = 16, 8, 32
# No chip of a box is ever there: what the kernel says of a sensor that is switched off (a Jetson's idle CV zones).
_COLDEST_C, _HOTTEST_C = -60.0, 200.0


def temperatures_c(root: Path = Path("/sys")) -> dict[str, float]:
    """Degrees Celsius by the names of the thermal zones; those that cannot be read are absent."""
    read: dict[str, float] = {}
    for zone in sorted((root / "class/thermal").glob("thermal_zone*")):
        name, millidegrees = _text(zone / "type"), _number(zone / "temp")
        if name and millidegrees is not None and _COLDEST_C < millidegrees / 1000 < _HOTTEST_C:
            read.setdefault(name[:_LONGEST_NAME], millidegrees / 1000)
    return dict(list(read.items())[:_MOST_ZONES])


def fans_rpm(root: Path = Path("/sys")) -> dict[str, int]:
    """Turns a minute by the device's name and the number of its fan ("pwm_tach fan1"); absent without a tachometer."""
    read: dict[str, int] = {}
    for device in sorted((root / "class/hwmon").glob("hwmon*")):
        for entry in sorted(device.glob("fan*_input")):
            turns = _number(entry)
            if turns is not None:
                name = f"{_text(device / 'name')} {entry.name.removesuffix('_input')}".strip()
                read.setdefault(name[:_LONGEST_NAME], turns)
            # A Jetson's own tachometer calls it "rpm".
        if (turns := _number(device / "rpm")) is not None:
            read.setdefault(_text(device / "name")[:_LONGEST_NAME] or "fan", turns)
    return dict(list(read.items())[:_MOST_FANS])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None
