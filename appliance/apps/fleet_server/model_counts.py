"""What one result says about the networks that made it: counts alone, nothing of the patient."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from appliance.apps.fleet_server.model_drift import FIGURES, ModelFigure

_BY_KEY = {figure.key: figure for figure in FIGURES}
Document = Mapping[str, Any]


def model_counts(document: Document) -> Iterator[tuple[str, dict[str, Counter[int]]]]:
    """(networks, figure to bin to count) of every set of networks in a `nailfold.exam/1`.

    The machine's figures are read from the message of the finished exam; what physicians changed from that of a
    validated exam, whose other figures are not the machine's alone. A revision that is not validated gives no counts,
    but an entry: it takes the place of what was validated before.
    """
    by_engines: dict[str, list[Document]] = {}
    for image in document["images"]:
        by_engines.setdefault(engines_key(image["software"]["engines"]), []).append(image)
    for engines, images in by_engines.items():
        if "revision" not in document:
            yield engines, _machine(images)
        elif "validated_at" in document:
            yield engines, {"correction": Counter(int(_is_corrected(image)) for image in images)}
        else:
            yield engines, {}


def engines_key(engines: Mapping[str, str]) -> str:
    """A set of networks as one text: roles and digests in one order."""
    return json.dumps(dict(sorted(engines.items())), separators=(",", ":"))


def _machine(images: Sequence[Document]) -> dict[str, Counter[int]]:
    counts: dict[str, Counter[int]] = {key: Counter() for key in ("score", "apical_um", "abstention", "no_width")}
    for image in images:
        result = image["result"]
        is_evaluable = result["quality"]["evaluable"]
        counts["abstention"][int(not is_evaluable)] += 1
        # A picture that is not evaluable says nothing about loops.
        for loop in result["capillaries"] if is_evaluable else ():
            _count_loop(counts, loop, has_scale=result["um_per_px"] is not None)
    return counts


def _count_loop(counts: dict[str, Counter[int]], loop: Document, *, has_scale: bool) -> None:
    counts["score"][_bin("score", loop["score"])] += 1
    if has_scale:
        width_um = loop["widths_um"]["apical"]
        counts["no_width"][int(width_um is None)] += 1
        if width_um is not None:
            counts["apical_um"][_bin("apical_um", width_um)] += 1


def _bin(key: str, value: float) -> int:
    figure: ModelFigure = _BY_KEY[key]
    return figure.bin_of(value)


def _is_corrected(image: Document) -> bool:
    return bool(image.get("is_edited") or image.get("excluded"))
