"""A working folder for a moment."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_working_folder() -> Iterator[None]:
    """Inside, the process works in a new, empty folder, which then goes. For the start alone: all threads are moved."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="nailfold-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
