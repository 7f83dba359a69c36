"""Which of its two systems a box runs: by the kernel's command line, on a Jetson by a file."""

from pathlib import Path

import pytest

from appliance.apps.station.fleet.system_slots import SlotPlaces, SystemSlots
from appliance.domain.errors import UpdateError


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlotPlaces:
    """A computer with RAUC."""
    (tmp_path / "rauc").write_text("#!/bin/sh\n")
    (tmp_path / "rauc").chmod(0o755)
    (tmp_path / "cmdline").write_text("quiet root=PARTUUID=6e61696c\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    return SlotPlaces(tmp_path, command_line=tmp_path / "cmdline", slot_file=tmp_path / "slot")


def test_jetson_knows_it_by_a_file(places: SlotPlaces) -> None:
    places.slot_file.write_text("B\n")
    assert SystemSlots(places).running == "B"


def test_command_line_goes_first(places: SlotPlaces) -> None:
    places.slot_file.write_text("B\n")
    places.command_line.write_text("quiet rauc.slot=A\n")
    assert SystemSlots(places).running == "A"


def test_computer_that_names_none_has_none(places: SlotPlaces) -> None:
    with pytest.raises(UpdateError, match="no two slots"):
        _ = SystemSlots(places).running


def test_slots_without_rauc_are_none(places: SlotPlaces, monkeypatch: pytest.MonkeyPatch) -> None:
    places.slot_file.write_text("B\n")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UpdateError, match="no two slots"):
        _ = SystemSlots(places).running
