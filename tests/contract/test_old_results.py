"""Results as the software of earlier days sent them are still taken, counted and shown. On SQLite and PostgreSQL.

Each file of `tests/data/old_results` was written by the software of the day in its name.
"""

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.apps.fleet_server.console_views import ConsoleViews
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.reception import Arrival, ReceivedResult, receive
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.system_clock import SystemClock
from webui.console.services import ResultFilter

OLD = sorted((Path(__file__).parents[1] / "data" / "old_results").glob("*.json"))
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize("file", OLD, ids=lambda file: file.stem)
def test_result_of_an_earlier_day_is_kept_counted_and_shown(file: Path, database: FleetDatabase) -> None:
    document = json.loads(file.read_text("utf-8"))
    payload = json.dumps(document, separators=(",", ":")).encode()
    given = {"schema": document["schema"], "seq": "1", "sha256": hashlib.sha256(payload).hexdigest()}
    topic = f"nailfold/v1/{document['site']}/{document['box']}/results/{document['msg_id']}"

    received = receive(Arrival(topic, payload, given))

    assert isinstance(received, ReceivedResult), received
    assert ResultStore(database).keep([received], (), NOW) == 1
    (shown,) = ConsoleViews(database, SystemClock()).results(ResultFilter())
    assert (shown.exam_id, shown.images) == (document["exam_id"], len(document["images"]))
    assert shown.is_validated is ("validated_at" in document)
    assert (shown.density_per_mm is not None) is (document.get("figures", {}).get("density_per_mm") is not None)
    periods = ModelWatch(database).periods((document["site"], document["box"]))
    assert any(len(one.reference) for one in periods) is ("revision" not in document or "validated_at" in document)


def test_every_form_that_a_result_has_had_is_there() -> None:
    forms = {frozenset(json.loads(file.read_text("utf-8"))) for file in OLD}
    members = {"revision", "replaces", "validated_at", "figures"}
    assert {form & members for form in forms} == {
        frozenset(),
        frozenset({"revision", "replaces", "validated_at"}),
        frozenset({"figures"}),
        frozenset({"revision", "replaces", "validated_at", "figures"}),
        frozenset({"revision", "replaces", "figures"}),
    }
