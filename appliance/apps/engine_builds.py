"""The networks and their TensorRT plans, for `nailfold engines`."""

from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from appliance.domain.errors import SettingsError
from appliance.inference.manifest import EngineManifest, read_manifest
from appliance.inference.plan_manifest import plan_paths, read_plan_manifest
from appliance.inference.settings import InferenceSettings
from engines.build.build_engine import build_engine
from engines.build.progress import BuildProgress


def engine_rows(settings: InferenceSettings) -> Iterator[str]:
    """One line a network, verified against the manifest, and one for its compiled plan if there is one.

    Raises:
        InferenceError: the manifest or the weights cannot be trusted.
    """
    for role, entry in manifest_of(settings).engines.items():
        size_mb = len(entry.read_verified()) / 1e6
        yield f"{role}: {entry.path.name}, {size_mb:.1f} MB, sha256:{entry.sha256}, verified"
        plan_path, manifest_path = plan_paths(settings.engine_cache_dir, entry.path)
        if not manifest_path.exists():
            yield f"  no plan in {settings.engine_cache_dir}"
            continue
        plan = read_plan_manifest(manifest_path)
        age = "for these weights" if plan.onnx_sha256 == entry.sha256 else "OUTDATED: made from other weights"
        gpu = f"GPU {plan.compute_capability}, {plan.precision}"
        yield f"  {plan_path.name}: {plan.builder} {plan.builder_version}, {gpu}, {age}"


def build_all(settings: InferenceSettings, compute_capability: str | None) -> Iterator[str]:
    """Compile every network; one line each as it is done, with a progress bar on a terminal meanwhile.

    Raises:
        InferenceError: no TensorRT, no GPU, or a network that cannot be compiled.
        SettingsError: the runtime in force needs no compiled engines.
    """
    if settings.runtime != "tensorrt":
        raise SettingsError(
            f'inference.runtime is "{settings.runtime}", which runs the ONNX files as they are',
            "To compile for this computer's GPU: nailfold engines build --runtime tensorrt",
        )
    for role, entry in manifest_of(settings).engines.items():
        entry.read_verified()
        with _Bar(role) as bar:
            built = build_engine(
                entry.path,
                settings.engine_cache_dir,
                flavour=settings.tensorrt_flavour,
                compute_capability=compute_capability,
                progress=bar.show,
            )
        yield f"{role}: {built.plan_path}, {built.plan_path.stat().st_size / 1e6:.1f} MB, {built.manifest.precision}"


def manifest_of(settings: InferenceSettings) -> EngineManifest:
    """The manifest of the settings' weights. Raises InferenceError."""
    if settings.weights_dir is None:
        raise SettingsError("inference.weights_dir is not set", "Name the folder that holds manifest.json.")
    return read_manifest(settings.weights_dir)


class _Bar:
    """TensorRT's phases on a terminal; nothing where stderr is none."""

    def __init__(self, role: str) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._role = role
        self._task = self._progress.add_task(role)

    def show(self, step: BuildProgress) -> None:
        """One step of TensorRT's innermost phase."""
        description = f"{self._role}: {step.phase[-1]}"
        self._progress.update(self._task, description=description, completed=step.done, total=step.steps or None)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
