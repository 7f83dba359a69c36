"""A whole station for the faults that need one: its flags, and what every fault asks of it."""

from pathlib import Path

from appliance.apps.workbench.bench.station_process import StationProcess
from tests.support.station_client import Browser, is_ready, wait_until

REPOSITORY = Path(__file__).parents[2]
SETTINGS = """
[inference]
threads = 1
[storage]
reserve_mb = 1
[mqtt]
site = "north"
box = "box-7"
"""
FRESH_MS = 1500
"""A picture that is older is no live one (WebSettings.picture_stale_ms)."""
PATIENCE_S = 60.0
"""Of the harness, on a computer that does other things too."""


def flags(folder: Path, *more: str) -> list[str]:
    """A station with no settings of this computer, on a free port."""
    site = folder / "site.toml"
    if not site.exists():
        site.write_text(SETTINGS)
    return ["--config", str(site), "--data-dir", str(folder / "data"), "--port", "0", *more]


def troubled(folder: Path, *more: str) -> tuple[StationProcess, Path]:
    """A station whose camera can be troubled, and the file to write the trouble in."""
    orders = folder / "orders"
    orders.write_text("")
    program = ["-m", "tests.chaos.troubled_station", str(orders)]
    return StationProcess(flags(folder, *more), program=program), orders


def ready_browser(station: StationProcess) -> Browser:
    """Logged in, after the first analysed picture."""
    browser = Browser(station.url)
    entered = browser.set_up(station.access_code) if station.access_code else browser.log_in()
    assert entered == 200, f"logging in was answered with {entered}"
    wait_until(lambda: is_ready(station), "pictures that are analysed", PATIENCE_S)
    return browser
