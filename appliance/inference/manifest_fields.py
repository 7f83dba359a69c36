"""Field by field reading of a manifest entry; every ValueError names the field and the value seen."""

import re
from typing import Any

from appliance.inference.tensors import TensorSpec

DTYPES = ("uint8", "float16", "float32", "int32", "int64")
_COMMON = {"file", "sha256", "input", "outputs"}
_OWN = {"detector": {"classes", "sizes"}, "keypoints": {"crop_px"}, "vessels": set[str]()}


def read_entry_fields(role: str, raw: Any) -> dict[str, Any]:
    """The fields of an EngineEntry but for role and path; "file" is a bare file name.

    Raises:
        ValueError: a field is missing, unknown (outside "training") or malformed.
    """
    if not isinstance(raw, dict):
        raise ValueError(f"expected an object, got {raw!r}")
    wanted = _COMMON | _OWN[role]
    if missing := sorted(wanted - raw.keys()):
        raise ValueError(f"missing {', '.join(missing)}")
    if unknown := sorted(raw.keys() - wanted - {"training"}):
        raise ValueError(f"unknown {', '.join(unknown)}")
    return {
        "file": _matching("file", raw["file"], r"[A-Za-z0-9._-]+\.onnx"),
        "sha256": _matching("sha256", raw["sha256"], r"[0-9a-f]{64}"),
        "input": _tensor("input", raw["input"]),
        "outputs": tuple(_tensor("outputs", item) for item in _list("outputs", raw["outputs"])),
        "classes": _names("classes", raw.get("classes", [])),
        "sizes": _names("sizes", raw.get("sizes", [])),
        "crop_px": _positive("crop_px", raw["crop_px"]) if role == "keypoints" else None,
        "training": raw.get("training", {}),
    }


def _matching(name: str, value: Any, pattern: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(f"{name} is {value!r}")
    return value


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is {value!r}")
    return value


def _names(name: str, value: Any) -> tuple[str, ...]:
    return tuple(_matching(name, item, r"[a-z_]+") for item in _list(name, value))


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} is {value!r}")
    return value


def _tensor(name: str, value: Any) -> TensorSpec:
    if not isinstance(value, dict) or value.keys() != {"name", "dtype", "shape"}:
        raise ValueError(f"{name} is {value!r}, expected name, dtype and shape")
    if value["dtype"] not in DTYPES:
        raise ValueError(f"{name}.dtype is {value['dtype']!r}")
    shape = tuple(_dimension(f"{name}.shape", size) for size in _list(f"{name}.shape", value["shape"]))
    return TensorSpec(_matching(f"{name}.name", value["name"], r"\w+"), value["dtype"], shape)


def _dimension(name: str, value: Any) -> int | None:
    """A fixed size; None for a free one, written as a word ("N"), as null or, ONNX Runtime's way, as -1."""
    if value is None or value == -1 or isinstance(value, str):
        return None
    return _positive(name, value)
