"""The password of a box, from its file."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.transport.password import password_of
from tests.support.exam_harness import mqtt_settings


def test_it_is_the_files_one_line(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("small vessels tell\n")
    assert password_of(replace(mqtt_settings(1), password_file=tmp_path / "password")) == "small vessels tell"


def test_without_a_file_there_is_none() -> None:
    assert password_of(mqtt_settings(1)) is None


@pytest.mark.parametrize("content", ["", "\n"])
def test_one_that_was_never_put_there_is_named_instead_of_sent(tmp_path: Path, content: str) -> None:
    """systemd hands an empty line where /etc/credstore has no such secret."""
    (tmp_path / "password").write_text(content)
    with pytest.raises(OSError, match=r"it is empty.*password"):
        password_of(replace(mqtt_settings(1), password_file=tmp_path / "password"))
