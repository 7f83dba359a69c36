"""Layers over dataclasses: who wins, what is refused, and in which words."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest

from appliance.apps.config.settings_reader import Layer, read_layers
from appliance.domain.errors import SettingsError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Lamp:
    brightness: int = 5
    warm_up_s: float = 1.5
    colour: Colour = Colour.RED
    wiring: Literal["series", "parallel"] = "series"
    label: str | None = None
    folder: Path = Path("lamps")
    tags: tuple[str, ...] = ()
    is_on: bool = False

    def __post_init__(self) -> None:
        if self.brightness > 10:
            raise SettingsError(f"lamp.brightness is {self.brightness}", "At most 10.")


@dataclass(frozen=True)
class Socket:
    port: int
    host: str = "127.0.0.1"


SCHEMA: dict[str, type] = {"lamp": Lamp, "socket": Socket}
WORKING = Layer("defaults", {"socket": {"port": 80}})


def problems_of(**tables: Any) -> tuple[str, ...]:
    return read_layers(SCHEMA, [WORKING, Layer("site.toml", tables)]).problems


def test_later_layer_wins_key_by_key_and_each_value_keeps_its_origin() -> None:
    board = Layer("board generic", {"lamp": {"brightness": 2, "label": "desk"}})
    site = Layer("site.toml", {"lamp": {"brightness": 3}})
    reading = read_layers(SCHEMA, [WORKING, board, site])
    assert reading.problems == ()
    assert reading.tables["lamp"] == Lamp(brightness=3, label="desk")
    assert reading.origins == {
        "socket.port": "defaults",
        "lamp.brightness": "site.toml",
        "lamp.label": "board generic",
    }


def test_all_types_are_converted() -> None:
    values = {
        "warm_up_s": 2,
        "colour": "blue",
        "wiring": "parallel",
        "folder": "/tmp/x",
        "tags": ["a", "b"],
        "is_on": True,
    }
    reading = read_layers(SCHEMA, [WORKING, Layer("site", {"lamp": values})])
    assert reading.problems == ()
    lamp = reading.tables["lamp"]
    assert lamp == Lamp(5, 2.0, Colour.BLUE, "parallel", None, Path("/tmp/x"), ("a", "b"), True)
    assert isinstance(lamp.warm_up_s, float)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"lamp": {"brightnes": 3}}, ["site.toml: lamp.brightnes is not a setting", "did you mean lamp.brightness?"]),
        ({"lmap": {}}, ["site.toml: [lmap] is not a table", "did you mean lamp?"]),
        ({"zzz": {}}, ["known are lamp, socket"]),
        ({"lamp": 3}, ["site.toml: lamp = 3 must be a table"]),
        ({"lamp": {"brightness": "3"}}, ["lamp.brightness = '3' must be a whole number"]),
        ({"lamp": {"brightness": True}}, ["lamp.brightness = True must be a whole number"]),
        ({"lamp": {"brightness": 2.5}}, ["lamp.brightness = 2.5 must be a whole number"]),
        ({"lamp": {"is_on": 1}}, ["lamp.is_on = 1 must be true or false"]),
        ({"lamp": {"warm_up_s": -1.0}}, ["lamp.warm_up_s = -1.0 must lie between 0 and"]),
        ({"lamp": {"warm_up_s": float("nan")}}, ["lamp.warm_up_s = nan must be a finite number"]),
        ({"lamp": {"colour": "green"}}, ["lamp.colour = 'green' must be one of red, blue"]),
        ({"lamp": {"wiring": "both"}}, ["lamp.wiring = 'both' must be one of series, parallel"]),
        ({"lamp": {"tags": "a"}}, ["lamp.tags = 'a' must be a list"]),
        ({"lamp": {"tags": ["a", 3]}}, ["lamp.tags[1] = 3 must be a text"]),
        ({"lamp": {"label": 3}}, ["lamp.label = 3 must be a text"]),
        ({"lamp": {"brightness": 11}}, ["[lamp]: lamp.brightness is 11. At most 10."]),
        ({"socket": {"port": 65_536}}, ["socket.port = 65536 must lie between 0 and 65535"]),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_with_what_is_allowed(tables: dict[str, Any], words: list[str]) -> None:
    (problem,) = problems_of(**tables)
    for word in words:
        assert word in problem


def test_every_problem_is_listed_not_only_the_first() -> None:
    assert len(problems_of(lamp={"brightness": "x", "is_onn": True}, sockett={})) == 3


def test_missing_required_value_is_named() -> None:
    reading = read_layers(SCHEMA, [])
    assert reading.problems == ("[socket]: missing port",)
    assert "socket" not in reading.tables


def test_none_is_never_read_from_a_file() -> None:
    (problem,) = problems_of(lamp={"label": None})
    assert "lamp.label = None must be a text" in problem


def test_a_date_is_no_text_and_a_home_folder_is_found() -> None:
    (problem,) = problems_of(lamp={"label": date(2026, 11, 30)})
    assert "must be a text" in problem
    reading = read_layers(SCHEMA, [WORKING, Layer("site.toml", {"lamp": {"folder": "~/lamps"}})])
    assert reading.tables["lamp"].folder == Path.home() / "lamps"


def test_what_can_be_used_of_a_bad_layer_still_counts_so_that_no_fault_makes_another() -> None:
    reading = read_layers(SCHEMA, [Layer("site.toml", {"socket": {"port": 81, "hots": "x"}, "lamp": {"is_on": 1}})])
    assert len(reading.problems) == 2
    assert reading.tables["socket"] == Socket(81)
    assert "lamp.is_on" not in reading.origins
