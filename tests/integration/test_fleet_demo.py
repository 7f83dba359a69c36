"""`make fleet`: a broker with TLS, an ingest worker, the console and simulated boxes, started and stopped for real."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from appliance.apps.cli import main
from appliance.apps.fleet_server.box_store import BoxStore
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.job_store import JobStore
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.system_clock import SystemClock
from appliance.fleet.jobs import JobState
from tests.integration.test_mqtt_delivery import wait_until
from tests.support.broker import mosquitto_binary

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")
BOXES, HISTORY = 3, 2


@pytest.fixture
def demo(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    options = ["--boxes", BOXES, "--history", HISTORY, "--images", 2, "--exams-an-hour", 0, "--telemetry-s", 1]
    command = [sys.executable, "-m", "appliance.apps.cli", "fleet", "demo", "--folder", tmp_path / "demo", "--port", 0]
    started = subprocess.Popen([*map(str, command), *map(str, options)], stdout=subprocess.PIPE, text=True)
    with started:
        yield started
        started.kill()


def said(demo: "subprocess.Popen[str]", until: str) -> str:
    assert demo.stdout is not None
    lines = ""
    while until not in lines:
        line = demo.stdout.readline()
        assert line, f"it ended: {lines}"
        lines += line
    return lines


def page_after_login(url: str, name: str, password: str) -> str:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    form = browser.open(f"{url}/login").read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token is not None
    sent = urlencode({"csrf_token": token[1], "name": name, "password": password}).encode()
    return str(browser.open(f"{url}/login", sent).read().decode())


def test_demonstration_shows_its_boxes_does_a_job_and_stops_in_order(
    demo: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    lines, folder = said(demo, "boxes are simulated"), tmp_path / "demo"
    url, password = re.findall(r"http://\S+", lines)[0], re.findall(r"password {2}(\S+)", lines)[0]
    with FleetDatabase(f"sqlite:///{folder}/fleet.sqlite3") as database:
        boxes, jobs, results = BoxStore(database), JobStore(database), ResultStore(database)
        wait_until(lambda: len(boxes.boxes(SystemClock().now_utc())) == BOXES, "every box", 20)
        wait_until(lambda: results.count() >= BOXES * HISTORY, "every result", 20)
        shown = page_after_login(url, "operator", password)
        row = boxes.boxes(SystemClock().now_utc())[0]
        assert f"{row.site}/{row.box}" in shown
        given = ["--config", folder / "servers.toml", "--key", folder / "jobs.key", "--by", "eva"]
        asked = ["fleet", "job", "make", *given, f"{row.site}/{row.box}", "restart"]
        job_id = CliRunner().invoke(main, [*map(str, asked)], catch_exceptions=False).output.strip()

        def restarted() -> bool:
            job = jobs.job((row.site, row.box), job_id)
            return job is not None and job.state is JobState.SUCCEEDED

        wait_until(restarted, "restarted", 20)
        assert boxes.boxes(SystemClock().now_utc())[0].state["boot_id"] != row.state["boot_id"]
        demo.send_signal(signal.SIGINT)
        said(demo, "stopping")
        assert demo.wait(20) == 0
        assert not any(one.is_online for one in boxes.boxes(SystemClock().now_utc())), "each said goodbye"
    ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", lines)]
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, "something is left"
