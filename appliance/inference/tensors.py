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
        """Whether every fixed dimension agrees; a free one takes any size."""
        same_rank = len(shape) == len(self.shape)
        return same_rank and all(own in (None, other) for own, other in zip(self.shape, shape, strict=True))

    def covers(self, other: "TensorSpec") -> bool:
        """Whether everything that fits `other` fits this too."""
        return (self.name, self.dtype) == (other.name, other.dtype) and self.accepts_shape(other.shape)

    def agrees_with(self, other: "TensorSpec") -> bool:
        """Whether something fits both."""
        pairs = zip(self.shape, other.shape, strict=False)
        same_kind = (self.name, self.dtype, len(self.shape)) == (other.name, other.dtype, len(other.shape))
        return same_kind and all(own == size or None in (own, size) for own, size in pairs)

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


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a network."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def require_kept_by(self, found: "Signature", role: str) -> None:
        """Refuse a network that does not keep this promise of its manifest.

        It may leave free what is fixed here: the detector may have been exported for any picture, the device gives it
        one size. It may not fix an input that is free here.

        Raises:
            InferenceError: naming both.
        """
        pairs = [*_paired(self.inputs, found.inputs), *_paired(self.outputs, found.outputs)]
        is_kept = len(self.inputs) == len(found.inputs) and len(self.outputs) == len(found.outputs)
        is_kept &= all(network.agrees_with(promise) for promise, network in pairs)
        is_kept &= all(network.covers(promise) for promise, network in _paired(self.inputs, found.inputs))
        if not is_kept:
            raise InferenceError(
                f"the {role} network is {found}; its manifest promises {self}",
                "Install the software again: weights and manifest do not belong together.",
            )

    def __str__(self) -> str:
        return " -> ".join("; ".join(sorted(str(spec) for spec in side)) for side in (self.inputs, self.outputs))


def _paired(promised: Sequence[TensorSpec], found: Sequence[TensorSpec]) -> list[tuple[TensorSpec, TensorSpec]]:
    def name(spec: TensorSpec) -> str:
        return spec.name

    return list(zip(sorted(promised, key=name), sorted(found, key=name), strict=False))
