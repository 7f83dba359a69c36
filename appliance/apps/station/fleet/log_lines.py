"""The newest lines of the log, in memory: a fleet can ask for them."""

import logging
from collections import deque

from appliance.apps.log_layout import OneLine

MOST_LINES = 500
_MOST_CHARACTERS = 500


class LogLines(logging.Handler):
    """The last so many lines of every logger below the root."""

    def __init__(self, most: int = MOST_LINES) -> None:
        super().__init__()
        self.setFormatter(OneLine())
        self._lines: deque[str] = deque(maxlen=most)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record)[:_MOST_CHARACTERS])

    def lines(self) -> list[str]:
        """Oldest first."""
        return list(self._lines)
