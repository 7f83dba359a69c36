"""A time in an answer of the API."""

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from appliance.domain.instant import to_rfc3339

Instant = Annotated[
    datetime,
    PlainSerializer(to_rfc3339, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""RFC 3339 in UTC with milliseconds, as everywhere else."""
