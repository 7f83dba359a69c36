"""The code that opens the pages."""

from pathlib import Path

import pytest

from appliance.apps.access_code import ALPHABET, read_or_make_access_code
from appliance.domain.errors import SettingsError


def test_code_is_made_once_and_stays(tmp_path: Path) -> None:
    code = read_or_make_access_code(tmp_path)
    assert read_or_make_access_code(tmp_path) == code
    assert [path.name for path in tmp_path.iterdir()] == ["access-code"]


def test_code_has_eight_letters_that_cannot_be_confused(tmp_path: Path) -> None:
    left, right = read_or_make_access_code(tmp_path).split("-")
    assert len(left) == len(right) == 4
    assert set(left + right) <= set(ALPHABET)
    assert not set(ALPHABET) & set("ILO01")


def test_two_boxes_have_different_codes(tmp_path: Path) -> None:
    folders = [tmp_path / str(box) for box in range(20)]
    for folder in folders:
        folder.mkdir()
    assert len({read_or_make_access_code(folder) for folder in folders}) == 20


def test_only_the_stations_user_can_read_it(tmp_path: Path) -> None:
    read_or_make_access_code(tmp_path)
    assert (tmp_path / "access-code").stat().st_mode & 0o777 == 0o600
    (tmp_path / "access-code").chmod(0o644)
    with pytest.raises(SettingsError, match="mode 644"):
        read_or_make_access_code(tmp_path)


@pytest.mark.parametrize("content", [b"", b"ABC\n", b"\xff\xfe\n"])
def test_a_damaged_file_is_refused_instead_of_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "access-code").write_bytes(content)
    (tmp_path / "access-code").chmod(0o600)
    with pytest.raises(SettingsError, match="access-code"):
        read_or_make_access_code(tmp_path)
    assert (tmp_path / "access-code").read_bytes() == content
