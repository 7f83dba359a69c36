"""One folder, one station."""

import os
from pathlib import Path

import pytest

from appliance.apps.station.data_dir import DataDir
from appliance.domain.errors import StoreError


def test_it_is_made_for_the_stations_user_alone(tmp_path: Path) -> None:
    DataDir(tmp_path / "a/b").close()
    assert (tmp_path / "a/b").stat().st_mode & 0o077 == 0


def test_a_second_station_is_refused_until_the_first_has_stopped(tmp_path: Path) -> None:
    first = DataDir(tmp_path)
    with pytest.raises(StoreError, match="belongs to a station that runs"):
        DataDir(tmp_path)
    first.close()
    DataDir(tmp_path).close()


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match="data cannot be used"):
        DataDir(tmp_path / "data")


@pytest.mark.parametrize("place", ["access.json", "exams/journal.head"])
def test_a_pipe_in_the_place_of_a_file_is_named_and_holds_up_no_start(tmp_path: Path, place: str) -> None:
    pipe = tmp_path / place
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    with pytest.raises(StoreError, match=rf"{place} is a pipe or a device"):
        DataDir(tmp_path)
    pipe.unlink()
    DataDir(tmp_path).close()


def test_a_disk_of_its_own_has_a_folder_that_is_not_the_stations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """lost+found is root's, and the station may not look into it."""
    (tmp_path / "lost+found").mkdir()
    os.mkfifo(tmp_path / "lost+found/#12")
    with pytest.raises(StoreError, match="is a pipe or a device"):
        DataDir(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 890)
    DataDir(tmp_path).close()
