"""The examples of docs/api.md, run as they stand against a station."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.accounts import ADMINISTRATOR, PASSWORD
from tests.support.api_station import ApiStation
from webui.serving.server import serve

GUIDE = Path(__file__).parents[2] / "docs/api.md"
MISSING = [tool for tool in ("bash", "curl", "jq") if shutil.which(tool) is None]


@contextmanager
def live_picture(station: ApiStation) -> Iterator[None]:
    """A new one now and again, as from a scope: an old picture is captured by no one."""
    is_over = threading.Event()

    def show() -> None:
        while not is_over.wait(0.2):
            station.show_picture()

    station.show_picture()
    thread = threading.Thread(target=show)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.mark.skipif(bool(MISSING), reason=f"the guide's examples need {', '.join(MISSING)}")
def test_the_guides_examples_run_as_they_stand(tmp_path: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 8
    with ApiStation(tmp_path / "report") as station, live_picture(station):
        server = serve(station.app, station.pages.services, station.pages.settings)
        try:
            script = "set -euo pipefail\nTOKEN=\n" + "\n".join(blocks)
            names = {"BOX": f"{server.url}/api/v1", "NAME": ADMINISTRATOR, "PASSWORD": PASSWORD}
            run = subprocess.run(  # noqa: PLW1510 (looked at below, with what it printed)
                ["bash", "-c", script],
                cwd=tmp_path,
                env={**os.environ, **names},
                capture_output=True,
                text=True,
                timeout=90,
            )
        finally:
            server.stop()
    assert run.returncode == 0, run.stdout + run.stderr
    assert '"name": "ana.ruiz"' in run.stdout
    assert '"error":{"message":"the pseudonym was refused: it is empty"' in run.stdout
    assert run.stdout.splitlines()[-1] == "null", "logged out"
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "still.png").read_bytes().startswith(b"\x89PNG")
    assert '"Bundle"' in (tmp_path / "exam.json").read_text()
