"""Plan files on the disk: whole or not at all, and read back as written."""

import json
from pathlib import Path

from appliance.inference.plan_manifest import PlanManifest, plan_paths, read_plan_manifest

MANIFEST = PlanManifest(
    "a" * 64, "b" * 64, "tensorrt_rtx", "1.7.1", "8.6", None, None, "fp16", "2026-11-22T18:00:00+00:00"
)


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "detector.plan.json"
    MANIFEST.write(path)
    assert read_plan_manifest(path) == MANIFEST
    assert json.loads(path.read_text())["schema"] == "nailfold.plan/1"


def test_plan_and_manifest_are_named_after_the_network() -> None:
    paths = plan_paths(Path("/var/lib/x"), Path("/usr/share/detector-v2.onnx"), "0123456789abcdef" * 4)
    name = "detector-v2-0123456789ab.plan"
    assert paths == (Path("/var/lib/x") / name, Path("/var/lib/x") / f"{name}.json")
