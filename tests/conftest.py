"""For every test: hypothesis draws the same examples each run, so a red run is red for everybody."""

import ctypes

import pytest
from hypothesis import settings

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")

_DEFAULT_ENVIRONMENT = ctypes.c_void_p(-1)


@pytest.fixture(autouse=True)
def plain_floating_point() -> None:
    """Smallest numbers are numbers. Inference runtimes make the thread that opens them take such for zero, for speed; a
    later test in the same process would inherit that."""
    # FE_DFL_ENV of glibc; elsewhere there is nothing to undo.
    reset = getattr(ctypes.CDLL(None), "fesetenv", None)
    if reset is not None:
        reset(_DEFAULT_ENVIRONMENT)
