"""The notes of the box's agent, in the exam database: one backup, one power cut."""

import json
from typing import Any

from appliance.storage.database import Database


class SqliteFleetNotes:
    """The FleetNotes of the device; see the port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, name: str) -> Any:
        sql = "SELECT document FROM fleet_notes WHERE name = ?"
        rows = self._database.rows("read the fleet's notes", sql, (name,))
        return json.loads(rows[0]["document"]) if rows else None

    def notes(self, prefix: str) -> dict[str, Any]:
        sql = "SELECT name, document FROM fleet_notes WHERE substr(name, 1, ?) = ? ORDER BY name"
        rows = self._database.rows("read the fleet's notes", sql, (len(prefix), prefix))
        return {row["name"]: json.loads(row["document"]) for row in rows}

    def keep_note(self, name: str, document: Any) -> None:
        with self._database.transaction("keep the fleet's notes") as connection:
            sql = "INSERT INTO fleet_notes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document"
            connection.execute(sql, (name, json.dumps(document, ensure_ascii=False)))
