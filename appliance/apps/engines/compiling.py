"""Plans of TensorRT for networks that came later, made where there are none that fit."""

import pickle
import subprocess
import sys
import tempfile
import threading

from appliance.apps.engines.builds import build_all
from appliance.domain.errors import ApplianceError, InferenceError
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.limited_process import own_environment

_PROGRAMME = "from appliance.apps.engines.compiling import main; main()"
_LOOK_S = 0.5
_LONGEST_REASON = 300


def compile_missing(settings: InferenceSettings, is_over: threading.Event) -> bool:
    """Compile these networks for this computer's GPU unless plans that fit are there; minutes on an Orin.

    A process of its own does it: the compiler takes memory that a station would never give back.

    Args:
        is_over: set when nobody waits for it any more; the process then ends.

    Returns:
        Whether anything had to be compiled; never with a runtime that takes the networks as they are.

    Raises:
        InferenceError: they cannot be compiled, or it was ended.
    """
    if settings.runtime != "tensorrt" or _are_ready(settings):
        return False
    compile_apart(settings, is_over)
    return True


def compile_apart(settings: InferenceSettings, is_over: threading.Event) -> None:
    """Compile every network, whatever is there. Raises as `compile_missing`."""
    with tempfile.TemporaryFile() as said:
        command = [sys.executable, "-c", _PROGRAMME]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.DEVNULL, env=own_environment()
        )
        assert process.stdin is not None
        with process, process.stdin as given:
            given.write(pickle.dumps(settings))
            given.close()
            while process.poll() is None and not is_over.wait(_LOOK_S):
                pass
            process.kill()
        said.seek(0)
        reason = said.read().decode(errors="replace").strip()[-_LONGEST_REASON:]
    if is_over.is_set() and process.returncode != 0:
        raise InferenceError("the networks were not compiled in time")
    if process.returncode != 0:
        raise InferenceError(reason or f"the compiler ended with code {process.returncode}")


def main() -> None:
    """The process's own programme: settings come pickled, a reason against them goes out as text."""
    settings = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 (from the station that started it)
    try:
        for _ in build_all(settings, None):
            pass
    except ApplianceError as error:
        sys.stdout.write(str(error))
        sys.exit(1)


def _are_ready(settings: InferenceSettings) -> bool:
    try:
        load_engine_set(settings, "plans")
    except InferenceError:
        return False
    return True
