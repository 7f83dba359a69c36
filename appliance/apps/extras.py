"""Optional packages: which extra of `pyproject.toml` brings them, and what to say where one is missing."""

from collections.abc import Mapping
from importlib.util import find_spec

from appliance.domain.errors import SettingsError

EXTRA_OF: Mapping[str, str] = {
    "torch": "train",
    "pycocotools": "evaluate",
    "matplotlib": "evaluate",
    "lightgbm": "pattern",
    "mahotas": "pattern",
    "onnxmltools": "pattern",
    "skl2onnx": "pattern",
    "sklearn": "pattern",
    "xgboost": "pattern",
    "onnx": "train",
    "playwright": "rehearse",
    "pypdfium2": "rehearse",
}
"""Top-level module to extra. `onnx` comes with several; the commands that need it alone are those that train."""


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """One sentence that names the extra to install; None where the missing module belongs to none."""
    module = (error.name or "").partition(".")[0]
    return None if module not in EXTRA_OF else str(_refusal(module))


def require_modules(*modules: str) -> None:
    """Refuse before any work is done where one of these cannot be found.

    Args:
        modules: keys of `EXTRA_OF`.

    Raises:
        SettingsError: one is not installed; names the extra.
    """
    for module in modules:
        if find_spec(module) is None:
            raise _refusal(module)


def _refusal(module: str) -> SettingsError:
    extra = EXTRA_OF[module]
    return SettingsError(
        f"this needs {module}, which is not installed",
        f"It comes with the extra [{extra}]: pip install 'nailfold-appliance[{extra}]' "
        f"(from the sources: pip install -e '.[{extra}]').",
    )
