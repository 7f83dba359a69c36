"""A new system for a box, over a real broker, with real bundles of RAUC; the slots are those of tests/support."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.apps.engines.clinical_gate import EngineFindings
from appliance.apps.fleet_server.job_store import JobRow
from appliance.apps.fleet_server.release_maker import ReleaseMaker
from appliance.apps.station.fleet import agent
from appliance.apps.station.fleet.system_slots import SlotPlaces, SystemSlots
from appliance.apps.system_clock import SystemClock
from appliance.domain.detection import BoundingBox
from appliance.domain.errors import UpdateError
from appliance.fleet.jobs import JobState
from tests.integration.test_mqtt_delivery import wait_until
from tests.support.broker import Broker, mosquitto_binary
from tests.support.fleet_box import FleetBox
from tests.support.fleet_side import Fleet
from tests.support.two_slots import TwoSlots, authority_in, make_bundle

pytestmark = [
    pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed"),
    pytest.mark.skipif(shutil.which("rauc") is None, reason="rauc is not installed"),
    pytest.mark.skipif(shutil.which("mksquashfs") is None, reason="squashfs-tools is not installed"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the CA of the boxes, and a release of three bundles in release/."""
    folder = tmp_path_factory.mktemp("release")
    ca, other_ca = authority_in(folder / "ca"), authority_in(folder / "foreign-ca")
    maker, now_utc = ReleaseMaker(folder / "release", folder / "keys"), SystemClock().now_utc()
    maker.make(now_utc)
    maker.add_system("s-2", make_bundle(folder / "good.raucb", ca), now_utc)
    maker.add_system("foreign", make_bundle(folder / "foreign.raucb", other_ca), now_utc)
    maker.add_system("other-board", make_bundle(folder / "other.raucb", ca, compatible="nailfold-orin"), now_utc)
    return folder


@pytest.fixture
def slots(made: Path, tmp_path: Path) -> TwoSlots:
    (tmp_path / "release").symlink_to(made / "release")
    return TwoSlots(tmp_path / "slots", tmp_path / "box/system-update", authority_in(made / "ca"))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How wide the networks in force measure the one loop of one picture; what the gate compares."""
    width_px = [10.0]
    look: Callable[[Path | None], tuple[EngineFindings, ...]] = lambda _: (  # noqa: E731 (as `looks_of` returns one)
        EngineFindings([BoundingBox(10, 10, 20, 40)], [{"apical": width_px[0]}]),
    )
    monkeypatch.setattr(agent, "looks_of", lambda _: look)
    return width_px


def updatable(folder: Path, broker: Broker, slots: TwoSlots) -> FleetBox:
    update = {"update_root": folder / "release/metadata/1.root.json", "update_url": f"file://{folder}/release"}
    return FleetBox(folder / "box", broker.port, fleet=update, slots=slots.slots)


def ask(fleet: Fleet, box: FleetBox, slots: TwoSlots, bundle: str = "s-2") -> str:
    """The id of a job that has come as far as the wish for the image's programme."""
    job_id = fleet.ask(box.job("update-system", {"bundle": bundle}))
    wait_until(lambda: slots.wish is not None, f"asked; {fleet.job(job_id)}", 60)
    return job_id


def test_system_is_fetched_measured_installed_started_measured_again_and_confirmed(
    broker: Broker, fleet: Fleet, slots: TwoSlots, tmp_path: Path
) -> None:
    """With the real networks on the real reference pictures."""
    with fleet.serving():
        with updatable(tmp_path, broker, slots) as box:
            job_id = ask(fleet, box, slots)
            assert fleet.job(job_id).state is JobState.IN_PROGRESS, "nothing is told before it is proven"
        slots.install()
        slots.boot("B")
        assert slots.confirm_if_judged("B") == "", "not before the new system has measured"
        with updatable(tmp_path, broker, slots):
            wait_until(lambda: slots.confirm_if_judged("B") == "good", "judged", 60)
            row = fleet.wait_for(job_id, JobState.SUCCEEDED)
        assert row.detail is not None
        facts = ("installed", "booted", "confirmed", "slot")
        assert [row.detail[fact] for fact in facts] == ["s-2", "s-2", "s-2", "B"]
        assert row.detail["gate"]["mean_width"] == 0
        assert row.detail["gate"]["loops"] > 20
        assert slots.wish is None
        assert not list((tmp_path / "box/system-update").glob("*.raucb")), "no second copy on the disk"


def test_system_that_measures_otherwise_is_taken_back_though_every_signature_is_right(
    broker: Broker, fleet: Fleet, slots: TwoSlots, tmp_path: Path, seen: list[float]
) -> None:
    with fleet.serving():
        with updatable(tmp_path, broker, slots) as box:
            job_id = ask(fleet, box, slots)
        slots.install()
        slots.boot("B")
        seen[0] = 10.8
        with updatable(tmp_path, broker, slots):
            row = fleet.wait_for(job_id, JobState.FAILED)
        assert "s-2 started in slot B and is taken back" in row.reason
        assert "widths are shifted by +8.0%" in row.reason
        assert "widths are shifted by +8.0%" in slots.confirm_if_judged("B")


def end_of(fleet: Fleet, broker: Broker, slots: TwoSlots, folder: Path, between: Callable[[], None]) -> JobRow:
    """What the fleet hears of an update where that happens between the wish and the next start."""
    with fleet.serving():
        with updatable(folder, broker, slots) as box:
            job_id = ask(fleet, box, slots)
        between()
        with updatable(folder, broker, slots):
            return fleet.wait_for(job_id, JobState.FAILED)


def test_system_that_does_not_start_is_told_by_the_old_one(
    broker: Broker, fleet: Fleet, slots: TwoSlots, tmp_path: Path, seen: list[float]
) -> None:
    def between() -> None:
        slots.install()
        slots.take_back("B", "the station was started again 3 times")

    row = end_of(fleet, broker, slots, tmp_path, between)
    assert "was installed into slot B and taken back: the station was started again 3 times; slot A runs" in row.reason


def test_system_that_cannot_be_written_is_told_and_not_tried_again(
    broker: Broker, fleet: Fleet, slots: TwoSlots, tmp_path: Path, seen: list[float]
) -> None:
    row = end_of(fleet, broker, slots, tmp_path, lambda: slots.install("Failed to load dm table"))
    assert "s-2 was not installed: Failed to load dm table; the old system runs on" in row.reason
    assert slots.wish is None


def test_wish_that_nobody_has_taken_is_withdrawn_at_the_next_start(
    broker: Broker, fleet: Fleet, slots: TwoSlots, tmp_path: Path, seen: list[float]
) -> None:
    row = end_of(fleet, broker, slots, tmp_path, lambda: None)
    assert "the station ended before s-2 was installed" in row.reason
    assert slots.wish is None


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        ("foreign", "the bundle is not signed for this box"),
        ("other-board", "the bundle is for 'nailfold-orin', this box is a 'nailfold-amd64'"),
        ("s-9", "has no system/s-9/system.raucb"),
    ],
)
def test_bundle_that_is_not_for_this_box_reaches_no_slot(
    bundle: str, said: str, broker: Broker, fleet: Fleet, slots: TwoSlots, tmp_path: Path, seen: list[float]
) -> None:
    with fleet.serving(), updatable(tmp_path, broker, slots) as box:
        row = fleet.wait_for(fleet.ask(box.job("update-system", {"bundle": bundle})), JobState.FAILED)
        assert said in row.reason
        assert slots.wish is None
        assert not list((tmp_path / "box/system-update").rglob("*.raucb"))


def test_computer_without_two_slots_says_so_before_it_fetches_anything(tmp_path: Path) -> None:
    (tmp_path / "cmdline").write_text("quiet root=/dev/sda1\n")
    with pytest.raises(UpdateError, match="no two slots"):
        _ = SystemSlots(SlotPlaces(tmp_path, command_line=tmp_path / "cmdline")).running


def test_release_names_the_bundle_only_once_it_is_there_whole(made: Path) -> None:
    newest = max((made / "release/metadata").glob("*.targets.json"), key=lambda file: int(file.name.split(".")[0]))
    targets = json.loads(newest.read_text())["signed"]["targets"]
    assert targets["system/s-2/system.raucb"]["length"] == (made / "good.raucb").stat().st_size
    assert not list((made / "release").rglob("*.part"))
