"""Whether the live networks run in 8 bits on this computer.

Int8 networks for ONNX Runtime lie beside the shipped weights; the gate of accuracy accepted them when they were made.
Kernels of some processors saturate in 8 bits, which no other computer shows, so each box tries them once on the sealed
reference pictures, and keeps the verdict until weights, ONNX Runtime or processor are others.
"""

import json
import logging
import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnxruntime

from appliance.apps.engines.clinical_gate import GateReport, Tolerance, compare, sealed_pictures
from appliance.domain.errors import InferenceError
from appliance.durable_files import write_durably
from appliance.inference.engine_set import load_engine_set, open_int8, open_manifest
from appliance.inference.settings import InferenceSettings
from appliance.limited_process import LimitedProcess, LimitExceededError

_log = logging.getLogger(__name__)
SCHEMA = "nailfold.int8-check/1"
MEMORY_BYTES, TIMEOUT_S = 2_000_000_000, 3600.0
"""Far more than the trial takes: one core of a busy computer needs 20 seconds, an emulated one minutes."""

SAME_NETWORK = Tolerance(found_again=0.97, found_besides=0.03, mean_width=0.01, single_width=0.02, measured_again=0.95)
"""Int8 against float32 of the same weights. On a processor with VNNI: 1.0, 0.0, 0.002, 0.005 and 0.988 of 73 loops."""


@dataclass(frozen=True)
class LivePrecision:
    """What the live view runs with.

    Attributes:
        settings: with a precision that is no longer "auto".
        why: in one sentence, for the log and for doctor.
    """

    settings: InferenceSettings
    why: str


def live_precision(settings: InferenceSettings) -> LivePrecision:
    """The settings with "auto" decided; any other precision stays as it is, and is an error where it is not there.

    Raises:
        InferenceError: the shipped weights cannot be trusted or do not run; int8 is set by name and was refused here.
        UpdateError: the reference pictures are not those that were sealed.
    """
    chosen = _decided(settings)
    _log.info("networks: %s", chosen.why)
    return chosen


def _decided(settings: InferenceSettings) -> LivePrecision:
    full, reduced = replace(settings, precision="float"), replace(settings, precision="int8")
    if settings.precision not in ("auto", "int8"):
        return LivePrecision(settings, f"{settings.engine_precision}, as set")
    if settings.runtime != "onnxruntime":
        is_set = settings.precision == "int8"
        return LivePrecision(settings, "int8, as set") if is_set else LivePrecision(full, "fp16, the runtime's own")
    if _missing(reduced, settings.engine_cache_dir) == "":
        return LivePrecision(reduced, 'int8, accepted by "nailfold engines quantize" on this computer')
    if against := _against_shipped(full, reduced):
        if settings.precision == "int8":
            raise InferenceError(f'inference.precision is "int8": {against}', 'Set it to "auto" or "float".')
        return LivePrecision(full, f"fp32: {against}")
    return LivePrecision(reduced, "int8, tried on this processor and accepted")


def _against_shipped(full: InferenceSettings, reduced: InferenceSettings) -> str:
    """Why the int8 networks beside the weights do not run here; empty where they do."""
    assert full.weights_dir is not None
    if missing := _missing(reduced, full.weights_dir):
        return missing
    reasons = _tried_here(full, reduced, full.engine_cache_dir / "int8-check.json")
    return f"int8 was tried on this processor and refused: {'; '.join(reasons)}" if reasons else ""


def _missing(settings: InferenceSettings, folder: Path) -> str:
    """Why there are no int8 networks of these very weights in the folder; empty where there are."""
    try:
        open_int8(settings, folder)
    except InferenceError as error:
        return error.message
    return ""


def _tried_here(full: InferenceSettings, reduced: InferenceSettings, path: Path) -> list[str]:
    """The reasons against int8, from the last trial or a new one."""
    here = {
        "schema": SCHEMA,
        "processor": _processor(),
        "onnxruntime": onnxruntime.__version__,
        "networks": {role: entry.sha256 for role, entry in open_manifest(reduced).engines.items()},
    }
    kept = _read(path)
    if all(kept.get(name) == value for name, value in here.items()):
        return list(kept["reasons"])
    report = _judged(full, reduced)
    _log.info("int8 against fp32 on the reference pictures: %s", report.figures)
    path.parent.mkdir(parents=True, exist_ok=True)
    verdict = {**here, "figures": report.figures, "reasons": list(report.reasons)}
    write_durably(path, (json.dumps(verdict, indent=2) + "\n").encode())
    return list(report.reasons)


def _judged(full: InferenceSettings, reduced: InferenceSettings) -> GateReport:
    """In a process of its own: four networks at once are 100 MB that a station would never give back."""
    try:
        return LimitedProcess(MEMORY_BYTES, TIMEOUT_S, idle_s=1.0).call(try_out, full, reduced)
    except LimitExceededError as error:
        return GateReport({}, (f"the trial did not end well: {error}",))


def try_out(full: InferenceSettings, reduced: InferenceSettings) -> GateReport:
    """Both on the reference pictures."""
    before, after = load_engine_set(full, "int8-check"), load_engine_set(reduced, "int8-check")
    return compare(before, after, sealed_pictures(), SAME_NETWORK)


def _read(path: Path) -> dict[str, Any]:
    """The last verdict; nothing where there is none that can be read, which asks for a new trial."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) and isinstance(document.get("reasons"), list) else {}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
