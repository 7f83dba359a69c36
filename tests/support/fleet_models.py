"""Results of many exams whose loops have the widths that a test wants."""

import random
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from typing import Any

from appliance.apps.fleet_server.reception import ReceivedResult
from appliance.domain.instant import to_rfc3339
from tests.support.fleet_results import result

START = datetime(2026, 9, 1, 8, 0, tzinfo=timezone.utc)
_TEMPLATE: list[dict[str, Any]] = deepcopy(result().document["images"])
_LOOPS = 8


def exams(
    first: int, count: int, *, wider: float = 0.0, site: str = "clinic-1", box: str = "box-7", detector: str = "a"
) -> Iterator[ReceivedResult]:
    """Exams number `first` and on, an hour apart, with two images of eight loops; numbers give always the same.

    Args:
        wider: share by which every width is above what it was.
        detector: stands for its digest.
    """
    for number in range(first, first + count):
        chance = random.Random(number)
        mean_um = chance.choice((13.0, 15.0, 17.0, 21.0))
        images = deepcopy(_TEMPLATE)
        for image in images:
            image["software"]["engines"]["detector"] = f"sha256:{detector * 64}"
            loop = image["result"]["capillaries"][0]
            image["result"]["capillaries"] = [_loop(loop, mean_um * (1 + wider), chance) for _ in range(_LOOPS)]
        finished_at = to_rfc3339(START + timedelta(hours=number))
        yield result(number + 1, site=site, box=box, images=images, finished_at=finished_at)


def _loop(template: dict[str, Any], mean_um: float, chance: random.Random) -> dict[str, Any]:
    width_um = chance.gauss(mean_um, 2.0)
    return {**template, "widths_um": {**template["widths_um"], "apical": width_um}}
