"""How a line of the log looks, and that nobody can write one who only chose a name."""

import logging

from appliance.foreign_files.names import shown

_LAYOUT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class OneLine(logging.Formatter):
    """A record is one line, whatever stands in the names, paths and answers that it quotes; a traceback follows it.

    A file on a stick, a patient's picture or a message may have line breaks and terminal codes in its name.
    """

    def __init__(self) -> None:
        super().__init__(_LAYOUT)

    def format(self, record: logging.LogRecord) -> str:
        """The whole."""
        record.exc_text = None  # as another handler may have left it
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the base class's name)
        """The line without the traceback."""
        return shown(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 (the base class's name)
        """The traceback; the error's own text may quote a name, too."""
        return "\n".join(shown(line) for line in super().formatException(ei).split("\n"))  # type: ignore[arg-type]


def log_to_stderr(level: int | str) -> None:
    """All of this process's log, in the place of what was set up before."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level, handlers=[handler], force=True)
