"""The networks, their variants in fewer bits and their TensorRT plans, for `nailfold engines`."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from appliance.domain.errors import InferenceError, SettingsError
from appliance.inference.engine_set import open_manifest
from appliance.inference.manifest import EngineEntry, EngineManifest, read_layers, read_manifest
from appliance.inference.plan_manifest import plan_paths, read_plan_manifest
from appliance.inference.settings import InferenceSettings
from appliance.inference.variant_manifest import TARGETS, VariantRecord, read_record, variant_paths
from engines.build.build_engine import build_engine
from engines.build.progress import BuildProgress
from engines.build.variants import VariantMaker
from firmware.sd_notify import notify


def engine_rows(settings: InferenceSettings) -> Iterator[str]:
    """One line a network, verified against the manifest, and one for each variant and compiled plan there is.

    Raises:
        InferenceError: the manifest or the weights cannot be trusted.
    """
    folder = settings.engine_cache_dir
    for role, entry in manifest_of(settings).engines.items():
        size_mb = len(entry.read_verified()) / 1e6
        yield f"{role}: {entry.path.name}, {size_mb:.1f} MB, sha256:{entry.sha256}, verified"
        sources = {entry.path: entry.sha256}
        for target in TARGETS:
            path, record_path = variant_paths(folder, role, "int8", target)
            if record_path.exists():
                record, row = _variant_row(entry, folder, target)
                sources[path] = record.sha256 if record else ""
                yield f"  {path.name}: {row}"
        plans = [
            _plan_row(folder, path, sha256)
            for path, sha256 in sources.items()
            if plan_paths(folder, path, sha256)[1].exists()
        ]
        yield from plans or [f"  no plan for these weights in {folder}"]
    if settings.weights_dir is not None:
        for role, entry in read_layers(settings.weights_dir).engines.items():
            size = f"{len(entry.read_verified()) / 1e6:.1f} MB"
            yield f"{role}: {entry.path.name}, {size}, sha256:{entry.sha256}, verified, for the eye alone"


def _variant_row(entry: EngineEntry, folder: Path, target: str) -> tuple[VariantRecord | None, str]:
    try:
        record = read_record(entry, folder, "int8", target)
    except InferenceError as error:
        return None, f"UNUSABLE: {error}"
    gate = record.gate
    return record, f"sha256:{record.sha256}, accepted on {gate['images']} images, for these weights"


def _plan_row(folder: Path, onnx_path: Path, sha256: str) -> str:
    plan_path, manifest_path = plan_paths(folder, onnx_path, sha256)
    plan = read_plan_manifest(manifest_path)
    gpu = f"GPU {plan.compute_capability}, {plan.precision}"
    return f"  {plan_path.name}: {plan.builder} {plan.builder_version}, {gpu}, for these weights"


def build_all(settings: InferenceSettings, compute_capability: str | None) -> Iterator[str]:
    """Compile every network; one line each as it is done, with a progress bar on a terminal meanwhile.

    Float16 is judged first, once for these weights, which takes a minute; int8 was judged when it was quantised.

    Raises:
        InferenceError: no TensorRT, no GPU, a network that cannot be compiled, or a precision that costs accuracy.
        SettingsError: the runtime in force needs no compiled engines.
    """
    if settings.runtime != "tensorrt":
        raise SettingsError(
            f'inference.runtime is "{settings.runtime}", which runs the ONNX files as they are',
            "To compile for this computer's GPU: nailfold engines build --runtime tensorrt",
        )
    precision = settings.engine_precision
    maker = VariantMaker(settings.engine_cache_dir)
    for role, entry in open_manifest(settings).engines.items():
        entry.read_verified()
        if precision == "fp16":
            gate = maker.accept_half(entry).gate
            yield f"{role}: fp16 accepted on {gate['images']} rendered images"
        with _Bar(role) as bar:
            built = build_engine(
                entry.path,
                settings.engine_cache_dir,
                flavour=settings.tensorrt_flavour,
                compute_capability=compute_capability,
                # The types of int8 are in the network already.
                precision="fp16" if precision == "fp16" else "fp32",
                progress=bar.show,
            )
        yield f"{role}: {built.plan_path}, {built.plan_path.stat().st_size / 1e6:.1f} MB, {built.manifest.precision}"


def manifest_of(settings: InferenceSettings) -> EngineManifest:
    """The manifest of the settings' weights. Raises InferenceError."""
    if settings.weights_dir is None:
        raise SettingsError("inference.weights_dir is not set", "Name the folder that holds manifest.json.")
    return read_manifest(settings.weights_dir)


class _Bar:
    """TensorRT's phases on a terminal, and in `systemctl status`; nothing where there is neither."""

    def __init__(self, role: str) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._role = role
        self._told = ""
        self._task = self._progress.add_task(role)

    def show(self, step: BuildProgress) -> None:
        """One step of TensorRT's innermost phase."""
        description = f"{self._role}: {step.phase[-1]}"
        self._progress.update(self._task, description=description, completed=step.done, total=step.steps or None)
        status = f"STATUS={description} {100 * step.done // step.steps} %" if step.steps else f"STATUS={description}"
        if status != self._told:
            notify(status)
            self._told = status

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
