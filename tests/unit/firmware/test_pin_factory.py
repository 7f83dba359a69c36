"""Chips are found by label; real pins are in tests/contract/test_board.py."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from firmware.board import GpioChip
from firmware.errors import FirmwareError
from firmware.pin_factory import ChipLabelFactory, chip_labelled

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CHIPS = (GpioChip("/dev/gpiochip0", "tegra234-gpio", 164), GpioChip("/dev/gpiochip1", "tegra234-gpio-aon", 32))


def test_the_label_decides_and_not_the_number() -> None:
    assert chip_labelled("tegra234-gpio-aon", CHIPS).path == "/dev/gpiochip1"
    assert chip_labelled("tegra234-gpio", tuple(reversed(CHIPS))).path == "/dev/gpiochip0"


def test_a_missing_chip_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(FirmwareError, match=r"labelled 'x'. There are: tegra234-gpio, tegra234-gpio-aon"):
        chip_labelled("x", CHIPS)
    with pytest.raises(FirmwareError, match="There are: none"):
        ChipLabelFactory("x", tmp_path)


def test_gpiozero_finds_the_factory_by_its_entry_point() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["gpiozero_pin_factories"]["nailfold"].partition(":")
    assert getattr(import_module(module), name) is ChipLabelFactory


def ran(code: str, folder: Path) -> str:
    root = str(Path(__file__).parents[3])
    given = [sys.executable, "-c", f"import sys; sys.path[:0] = {[root, *sys.path]!r}; {code}"]
    return subprocess.run(given, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_lgpio_leaves_nothing_in_the_folder_that_a_process_works_in(tmp_path: Path) -> None:
    assert ran("import firmware.pin_factory, os; print(os.getcwd())", tmp_path) == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_station_that_only_talks_to_the_firmware_does_not_start_lgpio(tmp_path: Path) -> None:
    assert ran("import appliance.apps.station.box_board; print('lgpio' in sys.modules)", tmp_path) == "False"
