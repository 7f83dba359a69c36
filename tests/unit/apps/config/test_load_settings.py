"""The station's own settings: which file wins, what is derived, and what `config` shows."""

from pathlib import Path

import pytest

from appliance.apps.config import load_settings as loading
from appliance.apps.config.load_settings import check_site_file, load_settings, load_site_settings
from appliance.apps.config.settings import LoadedSettings, StationSettings
from appliance.domain.calibration import ScaleOrigin
from appliance.domain.errors import SettingsError, StoreError
from firmware.board import BoardModel


@pytest.fixture(autouse=True)
def _nothing_of_this_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "SITE_FILE", tmp_path / "etc/site.toml")
    monkeypatch.setattr(loading, "identify_board", lambda: BoardModel("generic", ""))
    monkeypatch.delenv("NAILFOLD_CONFIG", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", "/state")


def site(folder: Path, text: str, name: str = "site.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def shown(loaded: LoadedSettings) -> dict[str, tuple[str, str]]:
    return {key: (value, origin) for key, value, origin in loaded.rows()}


def test_command_line_beats_site_beats_board_beats_default(tmp_path: Path) -> None:
    path = site(tmp_path, '[capture]\nsource = "v4l2:"\nfps = 25\n[web]\nport = 81\n')
    rows = shown(load_settings(path, {"web.port": 82, "web.host": None}))
    assert rows["capture.source"] == ("v4l2:", str(path))
    assert rows["web.port"] == ("82", "command line")
    assert rows["web.host"] == ("127.0.0.1", "default")
    assert rows["inference.runtime"] == ("onnxruntime", "board generic (found)")


def test_site_file_is_that_of_the_flag_then_of_the_environment_then_of_etc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site(tmp_path, "[web]\nport = 1\n", "etc/site.toml")
    named = site(tmp_path, "[web]\nport = 2\n", "named.toml")
    given = site(tmp_path, "[web]\nport = 3\n", "given.toml")
    assert load_settings().settings.web.port == 1
    monkeypatch.setenv("NAILFOLD_CONFIG", str(named))
    assert load_settings().settings.web.port == 2
    assert load_settings(given).settings.web.port == 3


def test_a_jetson_gets_its_board_file_and_a_named_board_beats_the_found_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "identify_board", lambda: BoardModel("jetson-orin", "Orin Nano"))
    found = shown(load_settings())
    assert found["inference.runtime"] == ("tensorrt", "board jetson-orin (found)")
    assert found["capture.source"] == ("v4l2:", "board jetson-orin (found)")
    named = shown(load_settings(site(tmp_path, '[station]\nboard = "generic"\n')))
    assert named["inference.runtime"] == ("onnxruntime", "board generic")


def test_an_unknown_board_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Use auto or one of generic, jetson-orin, jetson-thor"):
        load_settings(site(tmp_path, '[station]\nboard = "jetson"\n'))


def test_folders_lie_below_the_data_dir_unless_named(tmp_path: Path) -> None:
    loaded = load_settings(None, {"station.data_dir": Path("/exams-disk")})
    assert loaded.settings.storage.folder == Path("/exams-disk/exams")
    assert loaded.settings.inference.engine_cache_dir == Path("/exams-disk/engines")
    assert loaded.origins["storage.folder"] == "station.data_dir"
    named = load_settings(site(tmp_path, '[storage]\nfolder = "/elsewhere"\n'))
    assert named.settings.storage.folder == Path("/elsewhere")
    assert (load_settings().settings.inference.weights_dir or Path()).name == "weights"


def test_data_dir_follows_the_xdg_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert StationSettings().data_dir == Path("/state/nailfold")
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", "/home/nurse")
    assert StationSettings().data_dir == Path("/home/nurse/.local/state/nailfold")


def test_naming_a_broker_means_publishing_in_the_clear_on_loopback_alone(tmp_path: Path) -> None:
    quiet = load_settings().settings.mqtt
    assert (quiet.enabled, quiet.tls) == (False, True)
    local = load_settings(None, {"mqtt.host": "127.0.0.1"})
    assert (local.settings.mqtt.enabled, local.settings.mqtt.tls) == (True, False)
    assert local.origins["mqtt.tls"] == "broker on loopback"
    remote = load_settings(None, {"mqtt.host": "broker.clinic"}).settings.mqtt
    assert (remote.enabled, remote.tls) == (True, True)
    path = site(tmp_path, "[mqtt]\ntls = true\n")
    assert load_settings(path, {"mqtt.host": "127.0.0.1"}).settings.mqtt.tls


def test_calibration_of_the_site_is_read_with_its_origin(tmp_path: Path) -> None:
    text = '[calibration]\num_per_px = 1.37\norigin = "stage_micrometer"\nmagnification = "220x"\n'
    calibration = load_settings(site(tmp_path, text)).settings.calibration
    assert (calibration.um_per_px, calibration.origin) == (1.37, ScaleOrigin.STAGE_MICROMETER)


def test_a_bad_file_names_every_problem_with_the_nearest_name(tmp_path: Path) -> None:
    path = site(tmp_path, '[capture]\nsorce = "v4l2:"\n[web]\nport = "80"\n[mqqt]\n[calibration]\num_per_px = 99\n')
    problems = check_site_file(path)
    assert len(problems) == 4
    text = "\n".join(problems)
    assert "capture.sorce is not a setting; did you mean capture.source?" in text
    assert "web.port = '80' must be a whole number" in text
    assert "[mqqt] is not a table; did you mean mqtt?" in text
    assert "calibration.um_per_px = 99 must lie between 0.05 and 50" in text
    with pytest.raises(SettingsError, match="did you mean mqtt"):
        load_settings(path)


def test_a_packages_own_check_is_reported_too(tmp_path: Path) -> None:
    (problem,) = check_site_file(site(tmp_path, '[mqtt]\nsite = "Clinic of Dr. Who"\n'))
    assert "mqtt.site" in problem


@pytest.mark.parametrize(("content", "words"), [(b"[web\n", "is not TOML"), (b"\xff\xff", "is not TOML")])
def test_a_file_that_is_no_toml_is_one_problem(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "site.toml").write_bytes(content)
    (problem,) = check_site_file(tmp_path / "site.toml")
    assert words in problem


def test_a_missing_file_is_one_problem(tmp_path: Path) -> None:
    (problem,) = check_site_file(tmp_path / "none.toml")
    assert "No such file" in problem


@pytest.mark.parametrize("text", ['station = "x"', "mqtt = 3", "station = [1]"])
def test_a_value_where_a_table_belongs_is_a_problem_not_a_crash(tmp_path: Path, text: str) -> None:
    (problem,) = check_site_file(site(tmp_path, text))
    assert "must be a table" in problem


def test_a_simulated_scope_comes_with_a_simulated_board_and_a_real_one_never_does(tmp_path: Path) -> None:
    demo = shown(load_settings())
    assert demo["firmware.board"] == ("simulated", "simulated capillaroscope")
    assert demo["firmware.socket"] == ("/state/nailfold/board.sock", "station.data_dir")
    clinic = shown(load_settings(None, {"capture.source": "v4l2:"}))
    assert clinic["firmware.board"] == ("auto", "default")
    assert clinic["firmware.socket"] == ("/run/nailfold-firmware/board.sock", "default")
    without = shown(load_settings(site(tmp_path, '[firmware]\nboard = "none"\n')))
    assert without["firmware.board"][0] == "none"


def test_firmware_settings_that_cannot_work_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[firmware\]: firmware.bounce_s is 0"):
        load_settings(site(tmp_path, "[firmware]\nbounce_s = 0\n"))


def test_a_service_without_the_data_folder_has_the_sites_settings(tmp_path: Path) -> None:
    (tmp_path / "engine-bundle.json").mkdir()
    path = site(tmp_path, f'[station]\ndata_dir = "{tmp_path}"\n[firmware]\nled_pin = "15"\n')
    with pytest.raises(StoreError, match=r"engine-bundle\.json cannot be read"):
        load_settings(path)
    assert load_site_settings(path).firmware.led_pin == "15"
    with pytest.raises(SettingsError, match="led_pin"):
        load_site_settings(site(tmp_path, "[firmware]\nled_pin = 15\n"))


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ('{"exam": {"best_of_s": 0.8, "of_a_newer_software": 1}, "no_table": {"a": 1}, "live": 5}', "0.8"),
        ('{"exam": {"best_of_s": "soon"}}', None),
        ('{"web": {"host": "0.0.0.0"}}', None),
        ("[" * 100_000, None),
        ("", None),
    ],
)
def test_what_a_fleet_wanted_of_another_software_keeps_no_box_off(
    tmp_path: Path, content: str, kept: str | None
) -> None:
    (tmp_path / "fleet-settings.json").write_text(content)

    rows = shown(load_settings(site(tmp_path, ""), {"station.data_dir": tmp_path}))

    assert (rows["exam.best_of_s"] == (kept, "the fleet")) is (kept is not None)
    assert rows["web.host"] == ("127.0.0.1", "default")


@pytest.mark.parametrize(
    "content", ["", "[" * 100_000, '{"name": 5}', '{"name": "../../tmp"}', '{"starts": "many"}', '{"taste": 1}', "null"]
)
def test_a_damaged_note_of_the_networks_is_refused_with_the_way_out(tmp_path: Path, content: str) -> None:
    (tmp_path / "engine-bundle.json").write_text(content)

    with pytest.raises(StoreError, match="Remove it"):
        load_settings(site(tmp_path, ""), {"station.data_dir": tmp_path})
