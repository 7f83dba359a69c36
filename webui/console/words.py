"""The console's texts in the browser's language."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from appliance.texts.plural_forms import filled
from webui.localisation.language import current_language

_FOLDER = Path(__file__).parent / "texts"


def say(key: str, **values: object) -> str:
    """The console's text under a key, in the browser's language."""
    language = current_language()
    return filled(str(_texts(language)[key]), language, values)


def age(moment: datetime, now: datetime, how: str = "ago") -> str:
    """How long ago, or with "for" since how long, in the largest unit that is not zero."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= length:
            return say(f"{how}_{unit}", count=seconds // length)
    return say(f"{how}_seconds", count=seconds)


@cache
def _texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
    return texts
