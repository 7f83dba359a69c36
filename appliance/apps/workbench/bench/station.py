"""The whole station under load: rate, delay and memory with a browser on the same cores."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from appliance.apps.workbench.bench.browser import PaintedFrames, live_page
from appliance.apps.workbench.bench.station_process import StationProcess, cpu_seconds
from appliance.domain.errors import ExportError

WARM_UP_S = 30.0
_COLLECT_EVERY_S = 5.0
# Memory is compared over this long at both ends, so that no single collection of garbage decides.
_EDGE_S = 15.0


@dataclass(frozen=True)
class StationFigures:
    """What the station did.

    Attributes:
        frames_per_s: pictures with their result painted by the browser.
        capture_to_paint_ms: p50, p95, p99 and max from capture to the end of drawing.
        rss_growth_mb: median resident memory of the last seconds less that of the first after the warm-up.
        rss_mb: at the end.
        station_cores: processor time of the station per second.
        measured_s: length of the measurement, after the warm-up.
    """

    frames_per_s: float
    capture_to_paint_ms: dict[str, float]
    rss_growth_mb: float
    rss_mb: float
    station_cores: float
    measured_s: float


def measure_station(
    flags: list[str],
    measured_s: float,
    reporter: Callable[[str], None],
    source: str = "simulated:?fps=30",
    warm_up_s: float | None = None,
) -> StationFigures:
    """Run the station with one browser, and measure.

    Args:
        flags: further flags of `nailfold run`.
        measured_s: after the warm-up.
        reporter: progress for the operator.
        source: what it watches; the simulated scope at 30 frames a second if nothing is said.
        warm_up_s: 30 if nothing is said.

    Raises:
        ApplianceError: the station or the browser did not start, or nothing was painted.
    """
    with tempfile.TemporaryDirectory(prefix="nailfold-bench-") as folder:
        site = Path(folder) / "site.toml"
        site.touch()  # No site's own settings: the figures are those of the product.
        base = ["--config", str(site), "--data-dir", folder, "--port", "0", "--source", source]
        with StationProcess([*base, *flags]) as station, live_page(station.url, station.access_code) as page:
            warm_up_s = WARM_UP_S if warm_up_s is None else warm_up_s
            reporter(f"warming up for {warm_up_s:.0f} s")
            time.sleep(warm_up_s)
            reporter(f"measuring for {measured_s:.0f} s")
            return _observe(station, PaintedFrames(page), measured_s)


def _observe(station: StationProcess, painted: PaintedFrames, measured_s: float) -> StationFigures:
    started_s, cpu_before_s = time.monotonic(), cpu_seconds(station.pid)
    memory: list[tuple[float, float]] = []
    while (elapsed_s := time.monotonic() - started_s) < measured_s:
        memory.append((elapsed_s, station.rss_mb()))
        painted.collect()
        time.sleep(min(_COLLECT_EVERY_S, measured_s - elapsed_s))
    elapsed_s = time.monotonic() - started_s
    memory.append((elapsed_s, station.rss_mb()))
    painted.collect()
    if not painted.capture_to_paint_ms:
        raise ExportError("the browser painted no picture", f"See the station's log: {station.errors[-500:]}")
    first = np.median([mb for at_s, mb in memory if at_s <= _EDGE_S])
    last = np.median([mb for at_s, mb in memory if at_s >= elapsed_s - _EDGE_S])
    return StationFigures(
        frames_per_s=painted.frames_per_s,
        capture_to_paint_ms=percentiles(painted.capture_to_paint_ms),
        rss_growth_mb=float(last - first),
        rss_mb=memory[-1][1],
        station_cores=(cpu_seconds(station.pid) - cpu_before_s) / elapsed_s,
        measured_s=elapsed_s,
    )


def percentiles(samples: list[float]) -> dict[str, float]:
    """p50, p95, p99 and max of a list that must not be empty."""
    values = {f"p{share}": float(np.percentile(samples, share)) for share in (50, 95, 99)}
    return {**values, "max": float(max(samples))}
