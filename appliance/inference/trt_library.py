"""TensorRT's Python library, imported when it is needed and with its reason when it cannot be."""

import importlib
import logging
from functools import cache
from typing import Any

from appliance.domain.errors import InferenceError

_LOGGER = logging.getLogger(__name__)

_REMEDIES = {
    "tensorrt": 'It comes with JetPack: run "nailfold doctor". Other computers use inference.runtime = "onnxruntime".',
    "tensorrt_rtx": 'Install the "rtx" extra, or use inference.runtime = "onnxruntime".',
}


def import_tensorrt(flavour: str) -> Any:
    """The module `tensorrt` or `tensorrt_rtx`.

    Raises:
        InferenceError: with the import's own reason; a broken installation fails here too.
    """
    try:
        return importlib.import_module(flavour)
    except Exception as error:  # a damaged installation raises OSError, RuntimeError and others
        raise InferenceError(f"importing {flavour} failed: {error}", _REMEDIES[flavour]) from error


def release_name(flavour: str, trt: Any) -> str:
    """The runtime as written into results, "tensorrt-10.3" or "tensorrt-rtx-1.7"."""
    major, minor = str(trt.__version__).split(".")[:2]
    return f"{flavour.replace('_', '-')}-{major}.{minor}"


@cache
def tensorrt_log(trt: Any) -> "TensorRtLog":
    """The library's one log: TensorRT keeps the first logger it is given and ignores every later one."""
    return TensorRtLog(trt)


class TensorRtLog:
    """TensorRT's messages, passed on to logging, and the errors since the last look at them; see tensorrt_log.

    Args:
        trt: the library.

    Attributes:
        handle: the `trt.ILogger` to hand to TensorRT; it must outlive everything made with it.
    """

    def __init__(self, trt: Any) -> None:
        errors: list[str] = []

        class Handle(trt.ILogger):  # type: ignore[misc]  # the base class exists at run time alone
            def __init__(self) -> None:
                trt.ILogger.__init__(self)

            def log(self, severity: Any, message: str) -> None:
                message = " ".join(message.split())
                _LOGGER.log(_level(trt, severity), "%s", message)
                if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                    errors.append(message)

        self._errors = errors
        self.handle: Any = Handle()

    def take_errors(self) -> str:
        """What TensorRT complained about since the last call, in one line."""
        text = "; ".join(self._errors)
        self._errors.clear()
        return text or "TensorRT gave no reason"


def _level(trt: Any, severity: Any) -> int:
    if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
        return logging.ERROR
    return logging.WARNING if severity == trt.ILogger.WARNING else logging.DEBUG
