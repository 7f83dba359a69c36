"""What bundles leave on the disk that this box will never run again."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from appliance.apps.config.engine_bundle import EngineBundles

_PLAN = re.compile(r".+-([0-9a-f]{12})\.plan(\.json)?")
"""As `plan_paths` names it: the begin of its network's digest."""


def drop_unused(bundles: EngineBundles, software: Path, engine_cache_dir: Path) -> tuple[str, ...]:
    """Delete every bundle but the active one and the one before, and every plan but those of networks that stay.

    So the disk holds the plans of three sets of networks at most, however many were refused or taken back.

    Args:
        software: the folder of the networks that came with the software.

    Returns:
        Names of what is gone.

    Raises:
        StoreError: it cannot be read which bundle is active; nothing is deleted then.
        OSError: something could not be deleted.
    """
    active = bundles.active()
    kept = [bundles.folder(name) for name in (active.name, active.previous) if name]
    others = [one for one in bundles.folders() if one not in kept]
    for folder in others:
        shutil.rmtree(folder)
    digests = set(_digests([software, engine_cache_dir, *kept]))
    plans = [one for one in sorted(engine_cache_dir.glob("*.plan*")) if _is_of_none(one, digests)]
    for plan in plans:
        plan.unlink()
    return tuple(one.name for one in (*others, *plans))


def _digests(folders: Iterable[Path]) -> Iterable[str]:
    """The first twelve digits, as in the name of a plan."""
    for folder in folders:
        for file in folder.glob("*.onnx"):
            yield hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def _is_of_none(plan: Path, digests: set[str]) -> bool:
    found = _PLAN.fullmatch(plan.name)
    return found is not None and found[1] not in digests
