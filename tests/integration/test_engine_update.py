"""New networks for a box, over a real broker, with real networks before the clinical gate."""

import hashlib
import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.apps.config.engine_bundle import REDUCED_FILES, EngineBundles
from appliance.apps.config.load_settings import load_settings
from appliance.apps.engines.clinical_gate import compare, sealed_pictures
from appliance.apps.engines.compiling import compile_apart, compile_missing
from appliance.apps.fleet_server.release_maker import ReleaseMaker
from appliance.apps.station.fleet.engine_update import EngineUpdate, validated_weights
from appliance.apps.station.fleet.unused_engines import drop_unused
from appliance.apps.system_clock import SystemClock
from appliance.domain.errors import InferenceError, SettingsError, UpdateError
from appliance.fleet.job_runner import StepContext
from appliance.fleet.jobs import Job, JobState, JobStep
from appliance.inference.engine_set import load_engine_set, open_manifest
from appliance.inference.plan_manifest import plan_paths
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from tests.support.broker import Broker, mosquitto_binary
from tests.support.fleet_box import FleetBox
from tests.support.fleet_side import Fleet
from tests.support.networks import shipped, widened

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")


@pytest.fixture
def release(tmp_path: Path) -> ReleaseMaker:
    maker = ReleaseMaker(tmp_path / "release", tmp_path / "keys")
    maker.make(SystemClock().now_utc())
    maker.add_bundle("good", shipped(tmp_path / "good"), SystemClock().now_utc())
    maker.add_bundle("wide", widened(tmp_path / "wide", 1.08), SystemClock().now_utc())
    return maker


def updatable(folder: Path, port: int) -> FleetBox:
    box = folder / "box"
    return FleetBox(
        box,
        port,
        fleet={"update_root": folder / "release/metadata/1.root.json", "update_url": f"file://{folder}/release"},
    )


def engines_of(box: FleetBox) -> Path:
    weights = box.settings.settings.inference.weights_dir
    assert weights is not None
    return weights


def test_good_networks_are_measured_tried_confirmed_and_run_until_the_fleet_goes_back(
    broker: Broker,
    fleet: Fleet,
    release: ReleaseMaker,
    tmp_path: Path,
) -> None:
    with fleet.serving():
        with updatable(tmp_path, broker.port) as box:
            assert engines_of(box) == validated_weights()
            job_id = fleet.ask(box.job("update-engines", {"bundle": "good"}))
            assert box.restarting.wait(60), fleet.job(job_id)
            assert not EngineBundles(tmp_path / "box").active().is_confirmed
        with updatable(tmp_path, broker.port) as box:
            row = fleet.wait_for(job_id, JobState.SUCCEEDED)
            assert engines_of(box) == tmp_path / "box/engine-bundles/good"
            assert EngineBundles(tmp_path / "box").active().is_confirmed
            back = fleet.ask(box.job("update-engines", {"bundle": "software"}))
            assert box.restarting.wait(60), fleet.job(back)
        with updatable(tmp_path, broker.port) as box:
            fleet.wait_for(back, JobState.SUCCEEDED)
            assert engines_of(box) == validated_weights()
        assert row.detail is not None
        assert (row.detail["installed"], row.detail["booted"], row.detail["confirmed"]) == ("good",) * 3
        assert row.detail["gate"]["mean_width"] == 0


def test_networks_that_measure_too_wide_pass_every_signature_and_are_caught_by_the_clinical_gate(
    broker: Broker,
    fleet: Fleet,
    release: ReleaseMaker,
    tmp_path: Path,
) -> None:
    with fleet.serving(), updatable(tmp_path, broker.port) as box:
        row = fleet.wait_for(fleet.ask(box.job("update-engines", {"bundle": "wide"})), JobState.FAILED)
        assert "wide does not measure as the validated networks do: widths are shifted by +8" in row.reason
        assert EngineBundles(tmp_path / "box").weights_dir() is None
        assert not (tmp_path / "box/engine-bundles/wide").exists()
        assert not box.restarting.is_set()


def test_networks_that_measure_otherwise_after_the_start_are_taken_back(
    broker: Broker,
    fleet: Fleet,
    release: ReleaseMaker,
    tmp_path: Path,
) -> None:
    """As where another runtime compiles them wrongly: they passed before the switch."""
    with fleet.serving():
        with updatable(tmp_path, broker.port) as box:
            job_id = fleet.ask(box.job("update-engines", {"bundle": "good"}))
            assert box.restarting.wait(60)
        for file in (tmp_path / "wide").iterdir():
            (tmp_path / "box/engine-bundles/good" / file.name).write_bytes(file.read_bytes())
        with updatable(tmp_path, broker.port) as box:
            row = fleet.wait_for(job_id, JobState.FAILED)
            assert "good was taken back: after the start it does not measure" in row.reason
            assert box.restarting.wait(10)
        with updatable(tmp_path, broker.port) as box:
            assert engines_of(box) == validated_weights()


def test_networks_with_which_the_station_does_not_come_up_are_taken_back_by_the_third_start(tmp_path: Path) -> None:
    bundles = EngineBundles(tmp_path)
    bundles.choose("broken")
    assert bundles.count_start().name == "broken"
    assert bundles.count_start().name == "broken"
    back = bundles.count_start()
    assert (back.name, back.is_confirmed) == ("", True)
    assert back.reason == "the station did not confirm it in 2 starts"


def test_networks_in_8_bits_come_along_and_run_where_this_computer_accepts_them(
    broker: Broker, fleet: Fleet, tmp_path: Path
) -> None:
    now = SystemClock().now_utc()
    maker = ReleaseMaker(tmp_path / "release", tmp_path / "keys")
    maker.make(now)
    maker.add_bundle("both", shipped(tmp_path / "both", with_reduced=True), now)
    other = widened(tmp_path / "other", 1.01)
    for name in REDUCED_FILES:
        shutil.copy(validated_weights() / name, other / name)
    with pytest.raises(SettingsError, match="the networks in 8 bits beside them do not fit"):
        maker.add_bundle("mixed", other, now)

    with fleet.serving():
        with updatable(tmp_path, broker.port) as box:
            job_id = fleet.ask(box.job("update-engines", {"bundle": "both"}))
            assert box.restarting.wait(60), fleet.job(job_id)
        with updatable(tmp_path, broker.port) as box:
            fleet.wait_for(job_id, JobState.SUCCEEDED)
            inference = box.settings.settings.inference
    assert inference.weights_dir == tmp_path / "box/engine-bundles/both"
    reduced = open_manifest(replace(inference, precision="int8"))
    assert reduced.engine("detector").path.name == "detector.int8-onnxruntime.onnx"


def test_networks_are_compiled_before_they_are_measured_and_a_compiler_that_fails_says_why(tmp_path: Path) -> None:
    loaded = load_settings(None, {"station.data_dir": tmp_path / "box", "inference.runtime": "tensorrt"})
    shipped(tmp_path / "box/engine-bundles/new")
    compiled: list[InferenceSettings] = []

    def compile_plans(settings: InferenceSettings, _: threading.Event) -> bool:
        compiled.append(settings)
        return settings.weights_dir != validated_weights()

    update = EngineUpdate(loaded, lambda _: pytest.fail("nothing is fetched"), lambda: None, None, compile_plans)
    asked = Job(
        job_id="j", version=1, kind="update-engines", parameters={"bundle": "new"},
        steps=(JobStep(name="compile", timeout_s=1.0),), ts="2026-12-01T10:00:00.000Z",
    )  # fmt: skip
    assert list(update.kind.steps) == ["fetch", "compile", "measure", "switch"]
    context = StepContext(asked)
    update.kind.steps["compile"](context)
    assert context.detail["compiled"] == ["new"]
    assert [one.weights_dir for one in compiled] == [validated_weights(), tmp_path / "box/engine-bundles/new"]
    # The real one, in its own process: this computer has no GPU.
    if shutil.which("nvidia-smi") is None:
        with pytest.raises(InferenceError, match=r"TensorRT|NVIDIA GPU|tensorrt"):
            compile_missing(compiled[0], threading.Event())
    over = threading.Event()
    over.set()
    with pytest.raises(InferenceError, match="not compiled in time"):
        compile_apart(compiled[0], over)


def test_what_refused_and_earlier_networks_left_on_the_disk_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    cache, bundles = tmp_path / "cache", EngineBundles(tmp_path / "box")
    cache.mkdir()

    def plan_of(network: Path) -> Path:
        digest = hashlib.sha256(network.read_bytes()).hexdigest()
        plan, manifest = plan_paths(cache, network, digest)
        for file in (plan, manifest):
            file.write_bytes(b"plan")
        return plan

    plans = {"software": plan_of(validated_weights() / "detector.onnx")}
    for name in ("first", "second", "third", "refused"):
        network = bundles.folder(name) / "detector.onnx"
        network.parent.mkdir(parents=True)
        network.write_bytes(name.encode())
        plans[name] = plan_of(network)
    mine = cache / "variant.onnx"  # in 8 bits, made on this box
    mine.write_bytes(b"eight bits")
    plans["variant"] = plan_of(mine)
    (cache / "notes.plan.txt").write_text("somebody's own")
    for name in ("first", "second", "third"):
        bundles.choose(name)
        bundles.confirm()
    gone = drop_unused(bundles, validated_weights(), cache)
    assert {name for name, plan in plans.items() if plan.exists()} == {"software", "second", "third", "variant"}
    assert {one.name for one in bundles.folders()} == {"second", "third"}
    assert (cache / "notes.plan.txt").exists()
    assert {"first", "refused"} < set(gone)
    assert drop_unused(bundles, validated_weights(), cache) == ()


def networks(folder: Path) -> EngineSet:
    return load_engine_set(InferenceSettings(weights_dir=folder, threads=1), "test")


def test_gate_lets_small_differences_through_and_no_shift(tmp_path: Path) -> None:
    validated, pictures = networks(validated_weights()), sealed_pictures()
    for factor, is_within in ((1.02, True), (1.06, False), (0.93, False)):
        report = compare(validated, networks(widened(tmp_path / str(factor), factor)), pictures)
        assert report.figures["mean_width"] == pytest.approx(factor - 1, abs=0.003)
        assert report.is_within is is_within
        assert report.figures["widths"] > 150


def test_reference_set_that_was_changed_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"picture")
    (tmp_path / "seal.json").write_text(json.dumps({"images": {"a.jpg": "0" * 64}}))
    with pytest.raises(UpdateError, match="not the one that was sealed"):
        sealed_pictures(tmp_path)
