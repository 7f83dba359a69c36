"""What is counted of a result for the watch over its networks."""

import json
from copy import deepcopy
from typing import Any

from appliance.apps.fleet_server.model_counts import model_counts
from tests.support.fleet_results import arrival


def document(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(arrival(**changes).payload)
    return made


def counts(made: dict[str, Any]) -> dict[str, dict[int, int]]:
    ((_, found),) = model_counts(made)
    return {key: dict(bins) for key, bins in found.items()}


def test_finished_exam_gives_the_machines_figures() -> None:
    # Two images of one loop each: score 0.93 in steps of 0.02, apical width 22.56 um in steps of 2 um.
    assert counts(document()) == {"score": {46: 2}, "apical_um": {11: 2}, "abstention": {0: 2}, "no_width": {0: 2}}


def test_image_that_is_not_evaluable_says_nothing_about_loops() -> None:
    made = document()
    made["images"][0]["result"]["quality"]["evaluable"] = False
    found = counts(made)
    assert (found["abstention"], found["score"]) == ({0: 1, 1: 1}, {46: 1})


def test_loop_without_a_width_is_counted_as_such_where_there_is_a_scale() -> None:
    made = document()
    made["images"][0]["result"]["capillaries"][0]["widths_um"]["apical"] = None
    made["images"][1]["result"]["um_per_px"] = None
    found = counts(made)
    assert (found["no_width"], found["apical_um"], found["score"]) == ({1: 1}, {}, {46: 2})


def test_validated_exam_gives_what_the_physician_changed_alone() -> None:
    made = document(revision=1, validated_at="2026-11-30T13:30:00.000Z")
    made["images"][0] |= {"is_edited": True, "excluded": False}
    made["images"][1] |= {"is_edited": False, "excluded": True}
    assert counts(made) == {"correction": {1: 2}}
    made["images"][1]["excluded"] = False
    assert counts(made) == {"correction": {0: 1, 1: 1}}


def test_validation_that_was_taken_back_gives_nothing() -> None:
    assert counts(document(revision=2)) == {}


def test_images_of_two_sets_of_networks_are_counted_apart() -> None:
    made = document()
    newer = deepcopy(made["images"][1])
    newer["software"]["engines"]["detector"] = f"sha256:{'c' * 64}"
    made["images"][1] = newer
    found = list(model_counts(made))
    assert len({engines for engines, _ in found}) == 2
    assert [sum(bins["score"].values()) for _, bins in found] == [1, 1]
