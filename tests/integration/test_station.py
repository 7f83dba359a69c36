"""The whole device in a process of its own: simulated scope, shipped networks, real broker, real HTTP."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import schemas
from appliance.apps.workbench.bench.station_process import StationError, StationProcess
from tests.support.broker import Broker
from tests.support.station_client import PASSWORD, Browser, capture, is_ready, wait_until
from tests.support.subscriber import Subscriber, read_retained

# What the station promises; a loaded computer is given the same again.
STOP_WITHIN_S = 3.0
RESULTS = "nailfold/v1/north/box-7/results/+"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A fresh station's settings: nothing of this computer's own."""
    path = tmp_path / "site.toml"
    path.write_text(
        """
        [inference]
        threads = 1
        [storage]
        reserve_mb = 1
        [mqtt]
        site = "north"
        box = "box-7"
        """
    )
    return path


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as running:
        yield running


def flags_for(site: Path, *more: str) -> list[str]:
    return ["--config", str(site), "--data-dir", str(site.parent / "data"), "--port", "0", *more]


def test_an_exam_goes_from_the_scope_to_the_broker(site: Path, broker: Broker) -> None:
    receiver = Subscriber(broker.port, RESULTS)
    with StationProcess(flags_for(site, "--mqtt-host", "127.0.0.1", "--mqtt-port", str(broker.port))) as station:
        wait_until(lambda: is_ready(station), "pictures that are analysed")
        browser = Browser(station.url)
        assert browser.set_up(station.access_code) == 200
        state = browser.json("/api/v1/state")
        assert state["calibration"]["origin"] == "simulated"
        assert state["calibration_problem"] == state["engine"]["problem"] == ""
        assert state["engine"]["runtime"] == "onnxruntime-cpu"
        browser.post("/api/v1/exam/start", pseudonym="NC-0042", is_new=True)
        capture(browser)
        exam_id = browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"]
        wait_until(lambda: browser.json("/api/v1/state")["outbox"]["acknowledged"] == 1, "the broker's answer")
        assert station.stop() == 0
    (arrival,) = receiver.collect(at_least=1)
    schemas.validate("nailfold.exam-1", arrival.document)
    assert arrival.document["exam_id"] == exam_id
    assert len(arrival.document["images"]) == 1
    assert read_retained(broker.port, "nailfold/v1/north/box-7/state")["is_online"] is False
    assert "NC-0042" not in station.errors, "no pseudonym in the log"


def test_an_open_exam_outlives_stop_and_kill_and_nothing_confirmed_is_lost(site: Path) -> None:
    with StationProcess(flags_for(site)) as station:
        browser = Browser(station.url)
        browser.set_up(station.access_code)
        browser.post("/api/v1/exam/start", pseudonym="NC-0043", is_new=True)
        capture(browser)
        station.kill()
    with StationProcess(flags_for(site)) as station:
        assert station.access_code == "", "the code is worth nothing any more"
        browser.url = station.url
        browser.get("/")
        exam = browser.json("/api/v1/state")["exam"]
        assert (exam["patient_pseudonym"], len(exam["images"])) == ("NC-0043", 1)
        image_id = exam["images"][0]["image_id"]
        assert "belongs to a station that runs" in refusal(*flags_for(site))
        document = browser.json(f"/exams/{exam['exam_id']}/images/{image_id}.json")
        schemas.validate("nailfold.analysis-1", document)
        assert document["images"][0]["um_per_px"] == 1.41


def test_it_stops_in_order_and_in_time_with_a_browser_and_a_dead_broker(site: Path) -> None:
    with StationProcess(flags_for(site, "--mqtt-host", "127.0.0.1", "--mqtt-port", "9")) as station:
        wait_until(lambda: is_ready(station), "pictures")
        browser = Browser(station.url)
        browser.set_up(station.access_code)
        wait_until(lambda: "9" in browser.json("/api/v1/state")["broker"]["reason"], "the reason shown")
        started_s = time.monotonic()
        assert station.stop() == 0
        stopped_s = time.monotonic() - started_s
    assert stopped_s < 2 * STOP_WITHIN_S
    assert "stopped" in station.errors
    assert "Traceback" not in station.errors


def test_a_wrong_code_or_password_opens_nothing(site: Path) -> None:
    with StationProcess(flags_for(site)) as station:
        browser = Browser(station.url)
        assert browser.set_up("AAAA-AAAA") == 403
        assert browser.set_up(station.access_code) == 200
        stranger = Browser(station.url)
        assert stranger.log_in("large vessels tell") == 403
        with pytest.raises(urllib.error.HTTPError) as refused:
            stranger.get("/api/v1/state")
        refused.value.close()
        assert refused.value.code == 401
        assert stranger.log_in() == 200
    assert PASSWORD not in station.errors


def refusal(*flags: str) -> str:
    """What a station that cannot start says: one line and exit code 1."""
    with pytest.raises(StationError) as refused:
        StationProcess(flags)
    assert "ended with code 1" in str(refused.value)
    (line,) = [line for line in str(refused.value).splitlines() if "nailfold: " in line]
    assert "Traceback" not in str(refused.value)
    return line


def test_a_taken_port_is_refused_in_one_line(site: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refusal(*flags_for(site), "--port", str(port))
    assert f"127.0.0.1:{port}: Address already in use" in line


def test_a_data_folder_that_cannot_be_made_is_refused_in_one_line(site: Path) -> None:
    (site.parent / "data").write_text("a file where the folder should be")
    assert "data cannot be used" in refusal(*flags_for(site))


def test_weights_that_nobody_vouches_for_are_refused_in_one_line(site: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    site.write_text(f'[inference]\nweights_dir = "{weights}"\n')
    assert "manifest.json" in refusal(*flags_for(site))


def test_the_runtime_of_the_settings_is_never_replaced(site: Path) -> None:
    assert "onnxruntime" in refusal(*flags_for(site, "--runtime", "tensorrt"))


def test_a_recording_of_another_size_is_shown_without_micrometres_and_says_why(site: Path) -> None:
    data = site.parent / "data"
    (site.parent / "clip").mkdir()
    command = [
        sys.executable,
        "-c",
        "import sys; from PIL import Image; Image.new('RGB', (320, 240)).save(sys.argv[1])",
    ]
    subprocess.run([*command, str(site.parent / "clip/a.png")], check=True, timeout=30)
    with StationProcess(flags_for(site, "--source", f"file:{site.parent}/clip/a.png")) as station:
        browser = Browser(station.url)
        browser.set_up(station.access_code)
        wait_until(lambda: bool(browser.json("/api/v1/state")["calibration_problem"]), "the reason shown")
        state = browser.json("/api/v1/state")
    assert state["calibration"] is None
    assert "--um-per-px" in state["calibration_problem"]
    assert os.stat(data).st_mode & 0o077 == 0, "exams are readable by the station's user alone"
