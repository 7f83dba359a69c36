"""`nailfold engines quantize`: the networks in 8 bits, behind a gate of accuracy."""

from collections.abc import Iterator
from pathlib import Path

from appliance.apps.engines.builds import manifest_of
from appliance.inference.settings import InferenceSettings
from appliance.inference.variant_manifest import variant_paths
from engines.build.variants import VariantMaker


def quantize_all(settings: InferenceSettings, folder: Path | None = None) -> Iterator[str]:
    """Every network in int8 for the runtime of the settings; one line each as it is done.

    Args:
        folder: where networks and records go; None is this computer's own `engine_cache_dir`.

    Raises:
        InferenceError: a network cannot be quantised, or lost more accuracy than allowed.
    """
    folder = folder or settings.engine_cache_dir
    maker = VariantMaker(folder)
    yield f"quantising for {settings.runtime} and judging on rendered images takes a minute or two"
    for role, entry in manifest_of(settings).engines.items():
        record = maker.quantise(entry, settings.runtime)
        path = variant_paths(folder, role, "int8", settings.runtime)[0]
        yield f"{role}: {path}, {path.stat().st_size / 1e6:.1f} MB, accepted on {record.gate['images']} rendered images"
        full, reduced = record.gate["full"], record.gate["reduced"]
        for name, limit in record.gate["limits"].items():
            yield f"  {name}: {full[name]:.4f} in float32, {reduced[name]:.4f} in int8, allowed loss {limit:g}"
