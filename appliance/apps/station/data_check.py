"""What the start of the box has noted about its data partition, before the station runs."""

import json
import logging
from pathlib import Path

from appliance.domain.box_settings import DataCheck

NOTE = Path("/data/update/data-check.json")
"""Written by the image's initramfs (scripts/local-bottom/nailfold-data), on a Jetson by data_folders.py."""
_log = logging.getLogger(__name__)


def read_data_check(note: Path = NOTE) -> DataCheck | None:
    """Of this start; None on a computer without a data partition of its own, and where the note cannot be read."""
    try:
        said = json.loads(note.read_text("utf-8"))
        return DataCheck(
            bool(said["is_repaired"]), int(said["without_name"]), tuple(str(name) for name in said["set_aside"])
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        _log.error("%s cannot be read, so nobody is told what lies aside: %r", note, error)
        return None
