"""Temperatures and fans as the kernel's files tell them."""

from pathlib import Path

from firmware.sensors import fans_rpm, temperatures_c


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_temperatures_by_the_names_of_their_zones(tmp_path: Path) -> None:
    thermal = tmp_path / "class/thermal"
    for number, (name, value) in enumerate(
        [("cpu-thermal", "48250\n"), ("cv0-thermal", "-256000\n"), ("tj", "junk\n")]
    ):
        put(thermal / f"thermal_zone{number}/type", f"{name}\n")
        put(thermal / f"thermal_zone{number}/temp", value)
    put(thermal / "thermal_zone9/type", "gone\n")
    assert temperatures_c(tmp_path) == {"cpu-thermal": 48.25}


def test_fans_by_device_and_number_and_as_a_jetson_tells_them(tmp_path: Path) -> None:
    put(tmp_path / "class/hwmon/hwmon0/name", "nct6775\n")
    put(tmp_path / "class/hwmon/hwmon0/fan1_input", "1234\n")
    put(tmp_path / "class/hwmon/hwmon0/fan2_input", "0\n")
    put(tmp_path / "class/hwmon/hwmon1/name", "pwm_tach\n")
    put(tmp_path / "class/hwmon/hwmon1/rpm", "2890\n")
    assert fans_rpm(tmp_path) == {"nct6775 fan1": 1234, "nct6775 fan2": 0, "pwm_tach": 2890}


def test_a_computer_without_any_has_none(tmp_path: Path) -> None:
    assert (temperatures_c(tmp_path), fans_rpm(tmp_path)) == ({}, {})


def test_no_more_are_told_than_fit_a_line(tmp_path: Path) -> None:
    for number in range(40):
        put(tmp_path / f"class/thermal/thermal_zone{number}/type", f"{'zone' * 20}{number}")
        put(tmp_path / f"class/thermal/thermal_zone{number}/temp", "40000")
    assert all(len(name) <= 32 for name in temperatures_c(tmp_path))
    assert len(temperatures_c(tmp_path)) <= 16
