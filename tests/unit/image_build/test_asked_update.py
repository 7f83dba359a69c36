"""An update that the station asks for: tried once, told why not, confirmed only with the station's own verdict."""

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "image-build/image/programs"))
import confirm_slot
import install_update

_STATUS = {
    "slots": [
        {"rootfs.0": {"bootname": "A", "state": "booted"}},
        {"rootfs.1": {"bootname": "B", "state": "inactive"}},
    ]
}


class Box:
    """The folders of a box, and programmes in the place of rauc and systemctl that write down what they were asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wishes, self.outcome, self._log = folder / "wishes", folder / "update/outcome.json", folder / "log"
        self._programs, self._stick = folder / "bin", folder / "stick"
        for place in (self.wishes, self._programs, self._stick):
            place.mkdir()
        monkeypatch.setattr(install_update, "WISHES", self.wishes)
        monkeypatch.setattr(install_update, "OUTCOME", self.outcome)
        monkeypatch.setattr(install_update, "DATA", folder)
        monkeypatch.setattr(install_update, "SITE", folder / "site.toml")
        monkeypatch.setattr(install_update, "STICK", self._stick)
        monkeypatch.setenv("PATH", f"{self._programs}:{os.environ['PATH']}")
        self.program("systemctl")
        self.program("rauc")

    def program(self, name: str, fails_with: str = "") -> None:
        lines = ["#!/bin/sh", f'echo "{name} $*" >>{self._log}', f"[ $1 != status ] || echo '{json.dumps(_STATUS)}'"]
        if fails_with:
            lines += [f'[ $1 != install ] || {{ echo "{fails_with}" >&2; exit 1; }}']
        (self._programs / name).write_text("\n".join([*lines, "exit 0", ""]))
        (self._programs / name).chmod(0o755)

    def wish(self, bundle: str = "system.raucb", job_id: str = "j-1") -> None:
        (self.wishes / "wanted.json").write_text(json.dumps({"job_id": job_id, "bundle": bundle}))

    def run(self) -> list[str]:
        """What the programme asked others to do."""
        self._log.write_text("")
        install_update.main()
        return self._log.read_text().splitlines()

    def answer(self) -> dict[str, str]:
        answer: dict[str, str] = json.loads(self.outcome.read_text())
        return answer


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def test_station_stands_still_while_its_wish_is_installed_and_the_box_restarts(box: Box) -> None:
    box.wish()
    assert box.run() == [
        "systemctl stop nailfold-station.service",
        "rauc status --output-format=json",
        f"rauc install {box.wishes}/system.raucb",
        "systemctl reboot",
    ]
    assert box.answer() == {"job_id": "j-1", "slot": "B", "reason": ""}


def test_wish_is_tried_once(box: Box) -> None:
    box.wish()
    box.run()
    assert box.run() == []
    box.wish(job_id="j-2")
    assert "systemctl reboot" in box.run()


def test_what_rauc_refuses_is_told_and_the_station_comes_back(box: Box) -> None:
    box.program("rauc", fails_with="Failed to load dm table")
    box.wish()
    assert box.run()[-1] == "systemctl --no-block start nailfold-station.service"
    assert box.answer() == {"job_id": "j-1", "slot": "B", "reason": "Failed to load dm table"}


@pytest.mark.parametrize(("fails_with", "back"), [("", ["rauc status mark-active booted"]), ("no bundle", [])])
def test_a_full_disk_never_leaves_the_box_without_its_station(
    box: Box, monkeypatch: pytest.MonkeyPatch, fails_with: str, back: list[str]
) -> None:
    def no_room(_line: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    box.program("rauc", fails_with=fails_with)
    box.wish()
    station_again = "systemctl --no-block start nailfold-station.service"
    assert box.run()[3:] == [*back, station_again]
    assert not box.outcome.exists()


def test_a_full_data_partition_is_refused_before_a_slot_is_written(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = os.statvfs(install_update.DATA)
    full = os.statvfs_result((*told[:3], 0, *told[4:]))  # blocks that are free for root
    monkeypatch.setattr(install_update.os, "statvfs", lambda _: full)
    box.wish()
    assert box.run() == [], "neither the station is stopped nor rauc asked"
    assert "the data partition is full" in capsys.readouterr().out
    assert "full" in box.answer()["reason"]
    assert box.run() == [], "it is tried once"


@pytest.mark.parametrize("bundle", ["../../etc/passwd", "/dev/sda", "", "a b"])
def test_station_can_name_nothing_outside_of_its_folder(box: Box, bundle: str) -> None:
    box.wish(bundle)
    assert box.run() == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"job_id": "j-1"}', "\x00"])
def test_wish_without_sense_is_none(box: Box, content: str) -> None:
    (box.wishes / "wanted.json").write_text(content)
    assert box.run() == []


ASKED = {"job_id": "j-1", "slot": "B", "reason": ""}


@pytest.mark.parametrize(
    ("outcome", "said", "judged"),
    [
        ({}, {}, "good"),  # from a stick
        (ASKED | {"slot": "A"}, {}, "good"),
        (ASKED | {"reason": "no room"}, {}, "good"),
        (ASKED, {}, ""),
        (ASKED, {"job_id": "j-0", "reason": ""}, ""),
        (ASKED, {"job_id": "j-1", "reason": ""}, "good"),
        (ASKED, {"job_id": "j-1", "reason": "widths are shifted"}, "bad: widths are shifted"),
    ],
)
def test_system_that_the_fleet_asked_for_waits_for_the_stations_verdict(
    outcome: dict[str, str], said: dict[str, str], judged: str
) -> None:
    assert confirm_slot.judged("B", outcome, said) == judged


@pytest.fixture
def stick(box: Box, tmp_path: Path) -> Path:
    """With a `nailfold config check` beside it that finds "broken" settings so."""
    check = '#!/bin/sh\n! grep -q broken "$3" || { echo "$3: line 1: broken"; exit 1; }\n'
    (tmp_path / "bin/nailfold").write_text(check)
    (tmp_path / "bin/nailfold").chmod(0o755)
    return tmp_path / "stick"


@pytest.mark.parametrize("name", install_update.SITE_NAMES)
def test_settings_that_cannot_be_used_give_way_to_those_of_a_stick_and_are_kept(
    stick: Path, tmp_path: Path, name: str
) -> None:
    site = tmp_path / "site.toml"
    site.write_text("broken")
    (stick / name).write_text("[web]\n")
    install_update.mend_settings(stick, site)
    assert site.read_text() == "[web]\n"
    assert (tmp_path / "site.unusable").read_text() == "broken"
    assert site.stat().st_mode & 0o777 == 0o644


def test_settings_that_are_gone_are_taken_from_a_stick(stick: Path, tmp_path: Path) -> None:
    (stick / "site.toml").write_text("[web]\n")
    install_update.mend_settings(stick, tmp_path / "site.toml")
    assert (tmp_path / "site.toml").read_text() == "[web]\n"


def test_settings_that_can_be_used_stay_whatever_a_stick_brings(stick: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text("[mqtt]\n")
    (stick / "site.toml").write_text("[web]\n")
    install_update.mend_settings(stick, site)
    assert site.read_text() == "[mqtt]\n"
    assert not (tmp_path / "site.unusable").exists()


def test_a_stick_whose_settings_cannot_be_used_either_changes_nothing(
    stick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.toml"
    site.write_text("broken here")
    (stick / "site.toml").write_text("broken there")
    install_update.mend_settings(stick, site)
    assert site.read_text() == "broken here"
    assert "neither can those of the stick" in capsys.readouterr().out


def test_without_a_stick_nothing_is_checked(box: Box, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text("broken")
    install_update.mend_settings(tmp_path / "stick", tmp_path / "site.toml")
    assert (tmp_path / "site.toml").read_text() == "broken"
