"""Names of the built front-end files."""

import json
from pathlib import Path
from typing import Any

from appliance.domain.errors import SettingsError

DIST = Path(__file__).parents[1] / "static" / "dist"


class Assets:
    """Looks up what Vite made of each source file.

    Raises:
        SettingsError: the front end was not built.
    """

    def __init__(self, dist: Path) -> None:
        manifest = dist / ".vite" / "manifest.json"
        if not manifest.is_file():
            raise SettingsError(f"the web pages were not built: {manifest} is missing", "Run `make setup`.")
        self._entries: dict[str, dict[str, Any]] = json.loads(manifest.read_text())

    def path(self, source: str) -> str:
        """The built file of `source` ("src/live.ts"), relative to the static folder."""
        return f"dist/{self._entries[source]['file']}"
