"""The sealed pictures and what a system measured in them, kept for the system that comes after it."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from appliance.apps.engines.clinical_gate import EngineFindings, shipped_pictures
from appliance.domain.detection import BoundingBox
from appliance.domain.errors import UpdateError
from appliance.durable_files import write_durably

_LOOKS = "looks.json"
_PICTURES = "pictures"


def keep_reference(folder: Path, looks: Sequence[EngineFindings]) -> None:
    """Copy the pictures of this software, and write down what was measured in them.

    The next system may come with other pictures; it has to measure these. Raises UpdateError.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copytree(shipped_pictures(), folder / _PICTURES)
        write_durably(folder / _LOOKS, json.dumps([asdict(look) for look in looks]).encode())
    except OSError as error:
        raise UpdateError(f"the measurements of this system cannot be kept: {error}") from error


def kept_pictures(folder: Path) -> Path:
    """For `sealed_pictures`."""
    return folder / _PICTURES


def kept_looks(folder: Path) -> tuple[EngineFindings, ...]:
    """In the order of the pictures. Raises UpdateError where nothing usable was kept."""
    try:
        documents = json.loads((folder / _LOOKS).read_text("utf-8"))
        return tuple(EngineFindings([BoundingBox(**box) for box in one["boxes"]], one["widths"]) for one in documents)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UpdateError(f"what the system before measured cannot be read: {error}") from error
