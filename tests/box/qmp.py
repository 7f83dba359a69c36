"""QEMU's machine protocol: one command, one answer."""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.box.services import await_so

_ANSWERS_WITHIN_S = 60.0


def tell(door: Path, clock: Callable[[], float], command: str, **arguments: object) -> Any:
    """What QEMU returns. Exits where it refuses.

    Args:
        door: its socket.
        clock: of how long QEMU may take to open it.
    """
    with socket.socket(socket.AF_UNIX) as line, line.makefile("rw") as lines:
        # It is there a moment before it is listened at.
        await_so(lambda: line.connect_ex(str(door)) == 0, "QEMU", _ANSWERS_WITHIN_S, clock)
        lines.readline()
        for asked in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
            lines.write(json.dumps(asked) + "\n")
            lines.flush()
            # Events come in between.
            while "event" in (answer := json.loads(lines.readline())):
                continue
    if "error" in answer:
        sys.exit(f"QEMU refuses {command}: {answer['error']['desc']}")
    return answer["return"]
