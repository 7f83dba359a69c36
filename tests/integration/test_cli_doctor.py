"""`nailfold doctor`, `config` and `engines` on this very computer."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from appliance.apps.cli import main
from engines.build.known_networks import write_known_weights
from tests.support.broker import Broker, free_port

SUBJECTS = ["engines", "gpu", "tensorrt", "jetson-utils", "camera", "broker", "disk", "database", "clock", "gpio"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text('[station]\nboard = "generic"\n')
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def findings(site: Path, *arguments: object) -> tuple[int, dict[str, dict[str, Any]]]:
    result = run("doctor", "--json", "--config", site, "--data-dir", site.parent / "data", *arguments)
    report = json.loads(result.stdout)
    assert report["schema"] == "nailfold.doctor/1"
    assert [finding["subject"] for finding in report["findings"]] == SUBJECTS
    assert report["is_fit"] is (result.exit_code == 0)
    return result.exit_code, {finding["subject"]: finding for finding in report["findings"]}


def test_a_computer_with_all_that_the_settings_ask_for_is_ready(site: Path, tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker:
        code, seen = findings(site, "--mqtt-host", "127.0.0.1", "--mqtt-port", broker.port)
    assert code == 0, seen
    assert "capillaries in a rendered nailfold" in seen["engines"]["seen"]
    assert "Simulated capillaroscope" in seen["camera"]["seen"]
    assert seen["broker"]["is_found"]
    assert "let this box in" in seen["broker"]["seen"]
    assert seen["disk"]["is_found"]
    assert list((site.parent).glob("**/.doctor-*")) == [], "the probe file is gone"


def test_what_the_settings_ask_for_and_is_not_there_is_a_fault_with_a_remedy(site: Path) -> None:
    flags = ("--mqtt-host", "127.0.0.1", "--mqtt-port", free_port(), "--source", "file:/none.mp4")
    code, seen = findings(site, *flags)
    assert code == 1
    for subject in ("broker", "camera"):
        assert not seen[subject]["is_found"]
        assert seen[subject]["is_required"]
        assert seen[subject]["remedy"]
    assert "Connection refused" in seen["broker"]["seen"]


def test_what_the_doctor_and_the_settings_print_holds_no_password(site: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open sesame 4711\n")
    site.write_text(f'{site.read_text()}[mqtt]\nenabled = true\nusername = "box-7"\npassword_file = "{secret}"\n')
    with Broker(tmp_path / "broker", ["allow_anonymous false"]) as broker:
        flags = (
            "--config",
            site,
            "--data-dir",
            tmp_path / "data",
            "--mqtt-host",
            "127.0.0.1",
            "--mqtt-port",
            broker.port,
        )
        said = [run("doctor", *flags), run("doctor", "--json", *flags), run("config", "show", "--config", site)]
    for one in said:
        assert "Usage:" not in one.output
        assert "sesame" not in one.output


def test_a_broker_that_refuses_the_box_is_told_from_one_that_is_not_there(site: Path, tmp_path: Path) -> None:
    with Broker(tmp_path / "broker", ["allow_anonymous false"]) as broker:
        code, seen = findings(site, "--mqtt-host", "127.0.0.1", "--mqtt-port", broker.port)
    assert code == 1
    assert "refused: Not authorized" in seen["broker"]["seen"]


def test_nothing_is_asked_for_that_the_settings_do_not_need(site: Path) -> None:
    code, seen = findings(site)
    assert code == 0
    assert not seen["broker"]["is_required"]
    assert not seen["jetson-utils"]["is_required"]


@pytest.mark.skipif(os.path.exists("/etc/nv_tegra_release"), reason="this is a Jetson: nothing is missing")
def test_a_jetsons_settings_on_another_computer_name_all_that_is_missing(site: Path) -> None:
    site.write_text('[station]\nboard = "jetson-orin"\n')
    code, seen = findings(site, "--source", "jetson:csi://0")
    assert code == 1
    for subject in ("engines", "tensorrt", "jetson-utils", "camera"):
        assert not seen[subject]["is_found"], subject
        assert seen[subject]["is_required"], subject
    assert "PyPI" in seen["tensorrt"]["remedy"]


def test_a_changed_network_is_a_fault(site: Path, tmp_path: Path) -> None:
    source = Path("engines/weights").resolve()
    weights = tmp_path / "weights"
    weights.mkdir()
    for name in ("manifest.json", "detector.onnx", "keypoints.onnx"):
        (weights / name).write_bytes((source / name).read_bytes())
    with (weights / "detector.onnx").open("ab") as file:
        file.write(b"\0")
    site.write_text(f'[station]\nboard = "generic"\n[inference]\nweights_dir = "{weights}"\n')
    code, seen = findings(site)
    assert code == 1
    assert "SHA-256" in seen["engines"]["seen"]
    listed = run("engines", "list", "--config", site)
    assert listed.exit_code == 1
    assert "SHA-256" in listed.stderr


def test_a_layer_is_listed_and_verified_with_the_networks(site: Path, tmp_path: Path) -> None:
    assert "vessels: vessels.onnx" in run("engines", "list", "--config", site).stdout
    source, weights = Path("engines/weights").resolve(), tmp_path / "weights"
    weights.mkdir()
    for name in ("manifest.json", "detector.onnx", "keypoints.onnx", "layers.json"):
        (weights / name).write_bytes((source / name).read_bytes())
    (weights / "vessels.onnx").write_bytes((source / "vessels.onnx").read_bytes()[:-1])
    site.write_text(f'[station]\nboard = "generic"\n[inference]\nweights_dir = "{weights}"\n')
    listed = run("engines", "list", "--config", site)
    assert listed.exit_code == 1
    assert "the vessels weights" in listed.stderr


def test_the_table_says_found_missing_and_what_to_do(site: Path) -> None:
    result = run("doctor", "--config", site, "--data-dir", site.parent, "--source", "file:/none.mp4")
    assert result.exit_code == 1
    assert "camera        MISSING     there is no file or folder /none.mp4" in result.stdout
    assert "engines       found" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("not ready")


def test_config_show_prints_every_value_with_its_origin(site: Path) -> None:
    result = run("config", "show", "--config", site, "--port", 9000)
    assert result.exit_code == 0
    assert "web.port = 9000  (command line)" in result.stdout.splitlines()
    assert f"station.board = generic  ({site})" in result.stdout.splitlines()
    assert "capture.fps = 30.0  (default)" in result.stdout.splitlines()


def test_config_check_lists_every_problem_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('[web]\nprot = 80\n[capture]\nfps = "fast"\n')
    command = [sys.executable, "-m", "appliance.apps.cli", "config", "check", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert len(ended.stdout.splitlines()) == 2
    assert "did you mean web.port?" in ended.stdout
    path.write_text("[web]\nport = 80\n")
    assert run("config", "check", path).exit_code == 0


def test_engines_list_verifies_what_ships(site: Path) -> None:
    result = run("engines", "list", "--config", site, "--data-dir", site.parent)
    assert result.exit_code == 0, result.stderr
    rows = [row for row in result.stdout.splitlines() if "verified" in row]
    assert [row.partition(":")[0] for row in rows] == ["detector", "keypoints", "vessels"]


def test_building_engines_for_a_runtime_that_needs_none_is_refused(site: Path) -> None:
    result = run("engines", "build", "--config", site)
    assert result.exit_code == 1
    assert "--runtime tensorrt" in result.stderr


def test_engines_are_compiled_listed_and_recognised_as_outdated(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorrt_rtx", reason="needs the rtx extra to compile without a GPU")
    monkeypatch.setattr("engines.build.variants.GATE_IMAGES", 6)
    weights = write_known_weights(tmp_path / "weights", [[10, 10, 40, 90]], [[0.9, 0, 0, 0, 0]], [[1, 0, 0]])
    site.write_text(
        f'[inference]\nruntime = "tensorrt"\ntensorrt_flavour = "tensorrt_rtx"\nweights_dir = "{weights}"\n'
        f'engine_cache_dir = "{tmp_path}/plans"\n'
    )
    built = run("engines", "build", "--config", site, "--compute-capability", "8.6")
    assert built.exit_code == 0, built.stderr
    plans = sorted(path.name.partition("-")[0] for path in (tmp_path / "plans").glob("*.plan"))
    assert plans == ["detector", "keypoints"]
    listed = run("engines", "list", "--config", site).stdout
    assert listed.count("GPU 8.6") == listed.count("for these weights") == 2
    write_known_weights(weights, [[20, 20, 40, 90]], [[0.9, 0, 0, 0, 0]], [[1, 0, 0]])
    again = run("engines", "list", "--config", site).stdout
    assert (again.count("GPU 8.6"), again.count("no plan for these weights")) == (1, 1)


def test_an_error_is_one_line_unless_asked_for_more(site: Path) -> None:
    plain = run("analyze", "--config", site, "--um-per-px", 0, "x.png")
    assert plain.exit_code == 1
    assert len(plain.stderr.splitlines()) == 1
    assert "Traceback" in run("--debug", "analyze", "--config", site, "--um-per-px", 0, "x.png").stderr


def test_help_names_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for command in ("run", "analyze", "doctor", "config", "engines", "bench"):
        assert f"\n  {command}" in result.stdout
