"""200 slow connections of one host and one each of 40 others, for two minutes; what another host sees of the box."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from appliance.apps.workbench.bench.station_process import StationProcess
from tests.chaos.live_station import FRESH_MS, REPOSITORY, flags, ready_browser
from tests.chaos.namespaces import STATION_ADDRESS, hosts, inside, refusal

OF_ONE_HOST, OTHER_HOSTS = 200, 40
PAGE_WITHIN_S = 1.0
SMOOTH_SHARE = 0.8
"""Of the pictures a second without the slow connections; less is a live view that stutters."""
NETWORK_SETTINGS = f"""
[web]
host = "{STATION_ADDRESS}"
tls = "off"
plain_http_on_network = true
"""


def slow_clients(seconds: int, of_one_host: int = OF_ONE_HOST, other_hosts: int = OTHER_HOSTS) -> dict[str, Any]:
    """The figures of a viewer before and during the attack; {"skipped": why} where there are no namespaces."""
    if reason := refusal():
        return {"skipped": reason}
    with hosts(other_hosts + 2) as (viewer, greedy, *others), tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        command = flags(folder, "--source", "simulated:?fps=15")
        with (folder / "site.toml").open("a") as site:
            site.write(NETWORK_SETTINGS)
        with StationProcess(command) as station, ExitStack() as running:
            ready_browser(station)
            quiet = _view(viewer, station.url, min(20, seconds))
            counts = [(greedy, of_one_host), *((other, 1) for other in others)]
            attackers = [running.enter_context(_slow(host, station.url, count, seconds)) for host, count in counts]
            attacked = _view(viewer, station.url, seconds - 5)
            opened, ended = (sum(column) for column in zip(*(_counts(one) for one in attackers), strict=True))
    problems = _problems(quiet, attacked)
    return {
        "faults": of_one_host + other_hosts,
        "opened": opened,
        "ended_by_the_box": ended,
        "before": quiet,
        "during": attacked,
        "load_average": os.getloadavg()[0],
        "problems": len(problems),
        "what": problems,
    }


def _problems(quiet: dict[str, float], attacked: dict[str, float]) -> list[str]:
    problems = []
    if attacked["slowest_page_s"] > PAGE_WITHIN_S:
        problems.append(f"a page took {attacked['slowest_page_s']} s, {quiet['slowest_page_s']} s before")
    if attacked["pictures_per_s"] < SMOOTH_SHARE * quiet["pictures_per_s"]:
        problems.append(f"{attacked['pictures_per_s']} pictures a second, {quiet['pictures_per_s']} before")
    if attacked["oldest_picture_ms"] > FRESH_MS:
        problems.append(f"a picture came {attacked['oldest_picture_ms']} ms after it was taken")
    return problems


def _view(host: str, url: str, seconds: int) -> dict[str, float]:
    done = subprocess.run(
        inside(host, sys.executable, "-m", "tests.chaos.viewer", url, str(seconds)),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 120,
    )
    if done.returncode:
        raise RuntimeError(f"the viewer ended with {done.returncode}: {done.stderr[-400:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _slow(host: str, url: str, connections: int, seconds: int) -> "subprocess.Popen[str]":
    port = url.rpartition(":")[2]
    # Without the packages of the site, which 41 hosts would load 41 times.
    words = [sys.executable, "-S", "-m", "tests.chaos.slow_host", STATION_ADDRESS, port, str(connections), str(seconds)]
    return subprocess.Popen(inside(host, *words), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def _counts(attacker: "subprocess.Popen[str]") -> tuple[int, int]:
    said, _ = attacker.communicate(timeout=60)
    opened, ended = said.split()
    return int(opened), int(ended)
