"""A fitted classifier as ONNX, so that the device needs none of the learning libraries."""

import warnings
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from appliance.domain.errors import InferenceError

_OPSET, _TREE_OPSET = 15, 3
_LARGEST_DIFFERENCE = 1e-3
"""Of a probability; float32 trees and kernels agree to about 1e-6."""


def classifier_onnx(classifier: Any, prepared: NDArray[np.float32]) -> bytes:
    """ONNX with one input [N, columns]; its second output is float32 [N, classes] of probabilities.

    Args:
        classifier: fitted; one of `engines.pattern.classifiers`.
        prepared: rows to compare both forms on, float32 [rows, columns].

    Raises:
        InferenceError: the two forms disagree; nothing that was not verified is installed.
    """
    with warnings.catch_warnings():
        # The converters announce changes of libraries that are pinned here.
        warnings.simplefilter("ignore")
        content = _convert(classifier, prepared.shape[1])
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    answer = session.run(None, {session.get_inputs()[0].name: prepared})[1]
    difference = float(np.abs(answer - classifier.predict_proba(prepared)).max())
    if difference > _LARGEST_DIFFERENCE:
        raise InferenceError(
            f"the {type(classifier).__name__} and its ONNX form disagree by {difference:.3f}",
            "Choose another classifier with --method.",
        )
    return content


def _convert(classifier: Any, columns: int) -> bytes:
    name = type(classifier).__name__
    if name == "XGBClassifier":
        from onnxmltools.convert import convert_xgboost  # noqa: PLC0415 (the `pattern` extra)
        from onnxmltools.convert.common.data_types import FloatTensorType  # noqa: PLC0415

        model = convert_xgboost(classifier, initial_types=_types(FloatTensorType, columns), target_opset=_OPSET)
    elif name == "LGBMClassifier":
        from onnxmltools.convert import convert_lightgbm  # noqa: PLC0415
        from onnxmltools.convert.common.data_types import FloatTensorType  # noqa: PLC0415

        types = _types(FloatTensorType, columns)
        model = convert_lightgbm(classifier, initial_types=types, target_opset=_OPSET, zipmap=False)
    else:
        from skl2onnx import convert_sklearn  # noqa: PLC0415
        from skl2onnx.common.data_types import FloatTensorType  # noqa: PLC0415

        opsets = {"": _OPSET, "ai.onnx.ml": _TREE_OPSET}
        options = {id(classifier): {"zipmap": False}}
        types = _types(FloatTensorType, columns)
        model = convert_sklearn(classifier, initial_types=types, target_opset=opsets, options=options)
    return bytes(model.SerializeToString())


def _types(tensor_type: Any, columns: int) -> list[tuple[str, Any]]:
    return [("rows", tensor_type([None, columns]))]
