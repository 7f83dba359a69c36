"""The JSON Schema files of the fleet's messages, made from their types; `make schemas` writes them."""

import json
from pathlib import Path
from typing import Any

from appliance.fleet.alerts import Alerts
from appliance.fleet.audit import Audit, AuditHave
from appliance.fleet.jobs import Job, JobAnswer, JobGet, JobNotify, JobUpdate, SignedJob
from appliance.fleet.message import Message
from appliance.fleet.receipts import HostState, Receipt, Resend
from appliance.fleet.shadow import ShadowDesired, ShadowReported
from appliance.fleet.telemetry import Telemetry
from appliance.schemas import FOLDER

MESSAGES: tuple[type[Message], ...] = (
    Receipt,
    Resend,
    HostState,
    Telemetry,
    ShadowDesired,
    ShadowReported,
    JobNotify,
    JobGet,
    Job,
    SignedJob,
    JobUpdate,
    JobAnswer,
    Audit,
    AuditHave,
    Alerts,
)


def file_name(kind: type[Message]) -> str:
    """Of the schema without its ending: "nailfold.receipt-1"."""
    return kind.NAME.replace("/", "-")


def schema_of(kind: type[Message]) -> dict[str, Any]:
    """The schema of one type as its file should be."""
    made = kind.model_json_schema(by_alias=True)
    required = ["schema", *(name for name in made.get("required", []) if name != "schema")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{file_name(kind)}.schema.json",
        **made,
        "title": kind.NAME,
        "required": required,
    }


def write_schemas(folder: Path = FOLDER) -> None:
    """Write the file of every type."""
    for kind in MESSAGES:
        text = json.dumps(schema_of(kind), indent=2, ensure_ascii=False)
        (folder / f"{file_name(kind)}.schema.json").write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    write_schemas()
