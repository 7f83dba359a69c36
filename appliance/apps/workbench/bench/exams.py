"""How long list, search and opening take with many exams: `python -m appliance.apps.workbench.bench.exams`."""

import http.client
import importlib.metadata
import itertools
import json
import random
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import numpy as np

from appliance.analysis.pipeline import Pipeline
from appliance.apps.commands.options import load
from appliance.apps.workbench.bench.bench import frame_of_scene, machine
from appliance.apps.workbench.bench.full_archive import FAMILY, GIVEN, fill
from appliance.apps.workbench.bench.station_process import StationProcess
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import operator_calibration
from appliance.domain.errors import ExportError
from appliance.inference.engine_set import load_engine_set
from engines.synthetic.live import LiveScene

_WIDTH_PX, _HEIGHT_PX, _UM_PER_PX = 640, 480, 1.41
Ask = Callable[[], tuple[str, str, Any]]


@click.command()
@click.option("--exams", default=10_000, show_default=True)
@click.option("--images", default=8, show_default=True, help="Pictures an exam.")
@click.option("--runs", default=200, show_default=True, help="Requests of each kind.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here as JSON.")
def main(exams: int, images: int, runs: int, out: Path | None) -> None:
    """Fill a store, start a station on it, and measure what a browser waits for, with the live analysis running."""
    with tempfile.TemporaryDirectory(prefix="nailfold-exams-") as folder:
        data = Path(folder)
        fill(data / "exams", exams, images, _analysis(), lambda line: click.echo(line, err=True))
        site = data / "site.toml"
        site.touch()
        flags = ["--config", str(site), "--data-dir", folder, "--port", "0", "--source", "simulated:"]
        with StationProcess(flags) as station:
            figures = {"exams": exams, "images": images, "machine": machine(), **measure(station, runs)}
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(figures, indent=2) + "\n")
    for name, value in figures.items():
        if isinstance(value, dict) and "p95_ms" in value:
            shares = "   ".join(f"{share} {value[share + '_ms']:7.1f} ms" for share in ("p50", "p95", "max"))
            click.echo(f"{name:26} {shares}")


def measure(station: StationProcess, runs: int) -> dict[str, Any]:
    """p50_ms, p95_ms and max_ms of each kind of request, over HTTP with one connection, as a browser has it."""
    client = _Client(station)
    chance = random.Random(1)
    found = client.ask("POST", "/api/v1/exams/search", {"page_size": 200})
    total = int(found["total"])
    exam_ids: list[str] = []
    while len(exam_ids) < min(runs, total):
        page = client.ask(
            "POST", "/api/v1/exams/search", {"page_size": 200, "page": chance.randrange(-(-total // 200))}
        )
        exam_ids += [exam["exam_id"] for exam in page["exams"]]
    chance.shuffle(exam_ids)
    folders = [one["folder_id"] for one in client.ask("GET", "/api/v1/folders")["folders"]]
    opened = itertools.cycle(exam_ids)

    def rows(**conditions: object) -> tuple[str, str, Any]:
        return "POST", "/exams/rows", conditions

    def name() -> str:
        return f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"

    kinds: dict[str, Ask] = {
        "list_page": lambda: ("GET", "/exams/", None),
        "list_any_page": lambda: rows(page=chance.randrange(-(-total // 50))),
        "search_name": lambda: rows(text=name()),
        "search_pseudonym": lambda: rows(text=f"{chance.randrange(1000):03d}"),
        "search_folder": lambda: rows(folder_id=chance.choice(folders)),
        "search_finger_and_date": lambda: rows(
            hand="left", finger="ring", from_date=f"20{chance.randrange(16, 24)}-05-01"
        ),
        "search_not_validated": lambda: rows(is_validated=False, page=chance.randrange(20)),
        "search_patients_by_name": lambda: ("POST", "/patients/rows", {"text": name()}),
        "list_patients": lambda: ("GET", "/patients/", None),
        "open_exam_page": lambda: ("GET", f"/exams/{next(opened)}", None),
        "open_exam_api": lambda: ("GET", f"/api/v1/exams/{next(opened)}", None),
    }
    return {kind: _timed(client, ask, runs) for kind, ask in kinds.items()}


def _timed(client: "_Client", ask: Ask, runs: int) -> dict[str, float]:
    first_ms = client.time_ms(*ask())
    spent_ms = [client.time_ms(*ask()) for _ in range(runs)]
    p50, p95 = np.percentile(spent_ms, (50, 95))
    return {"p50_ms": float(p50), "p95_ms": float(p95), "max_ms": max(spent_ms), "first_ms": first_ms}


class _Client:
    """An administrator's browser without a window."""

    def __init__(self, station: StationProcess) -> None:
        address = urlsplit(station.url)
        self._connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=60)
        self._headers = {"Content-Type": "application/json"}
        self._headers["X-CSRFToken"] = self.ask("GET", "/api/v1/session")["csrf_token"]
        password = secrets.token_urlsafe(18)
        account = {"code": station.access_code, "name": "bench", "full_name": "Bench", "password": password}
        self._headers["X-CSRFToken"] = self.ask("POST", "/api/v1/setup", account)["csrf_token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer."""
        return json.loads(self._send(method, path, body))

    def time_ms(self, method: str, path: str, body: Any) -> float:
        """From the request to the last byte of its answer."""
        started_s = time.perf_counter()
        self._send(method, path, body)
        return (time.perf_counter() - started_s) * 1000

    def _send(self, method: str, path: str, body: Any) -> bytes:
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise ExportError(f"{method} {path} was answered with {answer.status}: {content[:300]!r}", "See the log.")
        if cookie := answer.getheader("Set-Cookie"):
            self._headers["Cookie"] = cookie.split(";", maxsplit=1)[0]
        return content


def _analysis() -> FrameAnalysis:
    """What the shipped networks find in one picture of the simulated scope."""
    engines = load_engine_set(load(None).settings.inference, importlib.metadata.version("nailfold-appliance"))
    scale = operator_calibration(_UM_PER_PX, _WIDTH_PX, _HEIGHT_PX)
    scene = LiveScene(1, width=_WIDTH_PX, height=_HEIGHT_PX, um_per_px=_UM_PER_PX)
    return Pipeline(engines, scale).analyse(frame_of_scene(scene, 0), track=False)


if __name__ == "__main__":
    main()
