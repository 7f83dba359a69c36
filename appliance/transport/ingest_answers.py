"""What the fleet's ingest answers to a box."""

from typing import Any

from appliance import schemas
from appliance.domain.bounded_json import bounded_loads
from appliance.domain.errors import ExportError


def refusal_in(receipt: bytes) -> str | None:
    """Why the ingest will not take the result; None where it has stored it, as an empty payload says too.

    Raises:
        ExportError: it is no receipt.
    """
    if not receipt.strip():
        return None
    document = _checked("nailfold.receipt-1", receipt)
    return None if document["outcome"] == "stored" else str(document.get("reason") or "the fleet gave no reason")


def lacking_in(resend: bytes) -> tuple[int, ...]:
    """The numbers of this box's results that the ingest does not have.

    Raises:
        ExportError: it is no such request.
    """
    return tuple(_checked("nailfold.resend-1", resend)["seqs"])


def _checked(name: str, payload: bytes) -> dict[str, Any]:
    try:
        document: dict[str, Any] = bounded_loads(payload)
        schemas.validate(name, document)
    except (ValueError, schemas.SchemaError) as error:
        raise ExportError(f"what the fleet sent is no {name}: {str(error)[:200]}") from error
    return document
