"""Unit files of systemd, read as tests ask for them."""

from pathlib import Path


def settings_of(unit: Path) -> dict[str, list[str]]:
    """Values by key, in their order."""
    read: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            read.setdefault(key, []).append(value)
    return read
