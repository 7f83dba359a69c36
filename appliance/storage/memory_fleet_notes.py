"""The notes of an agent without a disk."""

import json
from typing import Any


class MemoryFleetNotes:
    """The FleetNotes of a demonstration or a test; forgets everything with the process."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def note(self, name: str) -> Any:
        return json.loads(self._kept[name]) if name in self._kept else None

    def notes(self, prefix: str) -> dict[str, Any]:
        return {name: json.loads(text) for name, text in sorted(self._kept.items()) if name.startswith(prefix)}

    def keep_note(self, name: str, document: Any) -> None:
        self._kept[name] = json.dumps(document)
