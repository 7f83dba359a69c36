"""Workers without a shared subscription divide the boxes among themselves."""

import pytest

from appliance.apps.fleet_server.settings import IngestSettings
from appliance.apps.fleet_server.worker_share import WorkerShare
from appliance.domain.errors import SettingsError

BOXES = [f"nailfold/v1/clinic-{site}/box-{box}" for site in range(20) for box in range(20)]


def test_every_box_has_one_worker_and_each_worker_its_share() -> None:
    parts = [WorkerShare(number, 3) for number in (1, 2, 3)]
    takers = [[part.is_mine(f"{box}/state") for part in parts] for box in BOXES]
    assert all(sum(one) == 1 for one in takers)
    assert min(sum(column) for column in zip(*takers, strict=True)) > len(BOXES) / 4


def test_everything_of_one_box_goes_to_the_same_worker() -> None:
    part = WorkerShare(2, 3)
    assert all(part.is_mine(f"{box}/state") == part.is_mine(f"{box}/results/a") for box in BOXES)


def test_what_is_no_boxs_is_refused_by_one() -> None:
    assert [WorkerShare(number, 3).is_mine("else/where") for number in (1, 2, 3)] == [True, False, False]


@pytest.mark.parametrize("part", ["", "0/2", "3/2", "1", "a/b", "-1/2", "1/0", "1/2/3"])
def test_part_that_is_none_is_refused(part: str) -> None:
    with pytest.raises(SettingsError, match=r"ingest\.part"):
        IngestSettings(part=part)
