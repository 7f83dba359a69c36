"""ONNX files of trained networks, with the names, shapes and types that the device expects."""

import warnings
from copy import deepcopy
from pathlib import Path

import onnx
import torch
from torch import nn

from engines.training.calibration import ScoreCalibration
from engines.training.detector_net import DetectorForExport, DetectorNet
from engines.training.keypoint_net import CROP_PX, KeypointNet, KeypointsForExport
from engines.training.vessel_net import VesselHead, VesselsForExport

OPSET = 17
INPUT_HEIGHT, INPUT_WIDTH = 480, 640
"""The device's frame; fixed in the file, so that the cells' centres are constants for every runtime."""


def export_detector(net: DetectorNet, path: Path, calibration: ScoreCalibration) -> Path:
    """Write the detector: image uint8 [1, 480, 640, 3] to boxes, class_scores and size_scores."""
    example = torch.zeros(1, INPUT_HEIGHT, INPUT_WIDTH, 3, dtype=torch.uint8)
    return _export(
        DetectorForExport(net, calibration),
        example,
        path,
        input_name="image",
        outputs=("boxes", "class_scores", "size_scores"),
        axes={},
    )


def export_vessels(net: DetectorNet, head: VesselHead, path: Path) -> Path:
    """Write trunk and vessel head: image uint8 [1, 480, 640, 3] to vessels [1, 120, 160]."""
    example = torch.zeros(1, INPUT_HEIGHT, INPUT_WIDTH, 3, dtype=torch.uint8)
    return _export(VesselsForExport(net, head), example, path, input_name="image", outputs=("vessels",), axes={})


def export_keypoints(net: KeypointNet, path: Path) -> Path:
    """Write the keypoint network: crops uint8 [N, 96, 96, 3] to points and confidence, N free."""
    example = torch.zeros(2, CROP_PX, CROP_PX, 3, dtype=torch.uint8)
    axes = {name: {0: "N"} for name in ("crops", "points", "confidence")}
    return _export(
        KeypointsForExport(net), example, path, input_name="crops", outputs=("points", "confidence"), axes=axes
    )


def _export(
    module: nn.Module,
    example: torch.Tensor,
    path: Path,
    *,
    input_name: str,
    outputs: tuple[str, ...],
    axes: dict[str, dict[int, str]],
) -> Path:
    # A copy in the ordinary layout: channels_last weights would leave transposes in the file.
    module = deepcopy(module).to("cpu", memory_format=torch.contiguous_format).eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # The tracing exporter is announced as superseded; its plain graphs are what TensorRT 10.3 parses best.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example,),
            str(path),
            input_names=[input_name],
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    onnx.checker.check_model(str(path), full_check=True)
    return path
