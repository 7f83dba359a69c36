"""ONNX Runtime neither keeps an identity of this computer nor starts an uploader."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
RUN = """
import {module}
import onnxruntime
onnxruntime.InferenceSession({network!r}, providers=["CPUExecutionProvider"])
"""


@pytest.mark.parametrize("module", ["appliance.inference", "engines"])
def test_a_network_leaves_no_trace_of_this_computer(module: str, tmp_path: Path) -> None:
    network = str(REPOSITORY / "engines/weights/keypoints.onnx")
    # In CI the library is silent by itself; without these it is as on a box.
    ci = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "BUILD_ID", "TEAMCITY_VERSION", "ORT_DISABLE_TELEMETRY")
    environment = {name: value for name, value in os.environ.items() if name not in ci and not name.startswith("XDG_")}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])}
    program = RUN.format(module=module, network=network)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=tmp_path, timeout=120)
    assert [str(path) for path in tmp_path.rglob("*")] == []
