"""What a network takes and gives, and the check that stands before every run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from appliance.domain.errors import InferenceError
from appliance.ports import Tensor


@dataclass(frozen=True)
class TensorSpec:
    """Name, element type and shape of one input or output.

    Attributes:
        dtype: numpy's name, "uint8" or "float32".
        shape: None for a dimension that may vary.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def accepts(self, tensor: Tensor) -> bool:
        """Whether dtype and shape fit."""
        return tensor.dtype == np.dtype(self.dtype) and self.accepts_shape(tensor.shape)

    def accepts_shape(self, shape: Sequence[int | None]) -> bool:
        """Whether every fixed dimension agrees."""
        same_rank = len(shape) == len(self.shape)
        return same_rank and all(own in (None, other) for own, other in zip(self.shape, shape, strict=True))

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} [{', '.join('n' if size is None else str(size) for size in self.shape)}]"


def check_inputs(role: str, specs: Sequence[TensorSpec], inputs: Mapping[str, Tensor]) -> None:
    """Refuse inputs that the network was not made for.

    Raises:
        InferenceError: naming what was expected and what came.
    """
    by_name = {spec.name: spec for spec in specs}
    if by_name.keys() == inputs.keys() and all(by_name[name].accepts(tensor) for name, tensor in inputs.items()):
        return
    expected = "; ".join(str(spec) for spec in specs)
    got = "; ".join(f"{name} {tensor.dtype} {list(tensor.shape)}" for name, tensor in inputs.items()) or "nothing"
    raise InferenceError(f"the {role} network expects {expected}, got {got}", "This is a fault of the software.")


def check_signature(role: str, promised: Sequence[TensorSpec], found: Sequence[TensorSpec]) -> None:
    """Refuse a network whose own inputs and outputs are not those of its manifest.

    A dimension that the manifest leaves free must be free in the network too, and the other way round.

    Raises:
        InferenceError: naming both.
    """
    if sorted(promised, key=_name) != sorted(found, key=_name):
        raise InferenceError(
            f"the {role} network has {_listed(found)}; its manifest promises {_listed(promised)}",
            "Install the software again: weights and manifest do not belong together.",
        )


def _name(spec: TensorSpec) -> str:
    return spec.name


def _listed(specs: Sequence[TensorSpec]) -> str:
    return "; ".join(str(spec) for spec in sorted(specs, key=_name))
