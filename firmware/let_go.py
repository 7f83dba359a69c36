"""Letting go of hardware that may be gone."""

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)


def let_go(what: str, close: Callable[[], object]) -> None:
    """Call `close`; a part that fails is named in the log and does not keep the others open."""
    try:
        close()
    except Exception:  # lgpio, gpiozero and the kernel each have errors of their own for a chip that was pulled out
        _log.exception("%s could not be let go of", what)
