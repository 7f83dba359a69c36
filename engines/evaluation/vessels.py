"""The vessel layer against rendered nailfolds, retinas that it never saw, dirt, and judged real pictures.

    python -m engines.evaluation.vessels --images 40 [--chase DIR] [--real DIR --judged judged.json]

Rendered seeds are those of no training. Dirt is laid over the same pictures; what counts of it are pixels that it
changes outside of any column. Retinas are the four that were held out, in one colour of skin. On judged pictures no
vessel is drawn: there it is asked how far boxes judged loops hold more of it than boxes judged none.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.inference.manifest import read_layers
from appliance.inference.tiled_detection import UM_PER_INPUT_PX
from appliance.inference.vessel_layer import VesselLayer
from engines.datasets.retinas import HELD_OUT, Retina, as_skin, read_retinas
from engines.evaluation.judged import JudgedPicture, read_judged
from engines.evaluation.vessel_figures import (
    FloatArray,
    Overlap,
    area_under_curve,
    dice,
    interval,
    iou,
    means_in_boxes,
    overlap_of,
)
from engines.synthetic.column import NO_DENSITY, STRIDE, SURE_DENSITY, UNIT, UNKNOWN, column_map
from engines.synthetic.dirt import add_blown_out, add_bubbles, add_fibres, add_furrows, add_specks
from engines.synthetic.overlay import Overlay
from engines.synthetic.render import render_scene
from engines.synthetic.scene import ABSORBANCE

WEIGHTS = Path(__file__).parents[1] / "weights"
FIRST_SEED = 520_000
UNUSUAL_EVERY = 2
LIT = 0.5
CHANGED = 12.0
"""Levels, in the mean of three channels: dirt that changes less can hardly be seen."""
RETINA_DENSITY, SKIN = 0.12, np.array([175.0, 150.0, 140.0])
Image = NDArray[np.uint8]
Find = Callable[[Image, float | None, Sequence[float]], NDArray[np.float32]]
DIRT: dict[str, Callable[[np.random.Generator, Overlay, float], None]] = {
    "specks": add_specks,
    "bubbles": add_bubbles,
    "blown-out areas": add_blown_out,
    "fibres": add_fibres,
    "furrows": add_furrows,
}


@dataclass
class Dirty:
    """Pixels that dirt changed outside of columns, and how many of them were lit before and with it."""

    changed: int = 0
    before: int = 0
    after: int = 0


def rendered_report(find: Find, images: int) -> str:
    """Dice and IoU of rendered pictures, every second one unusual, and the share of dirt that is lit."""
    overlaps: list[Overlap] = []
    dirt = {name: Dirty() for name in DIRT}
    for at in range(images):
        rendered, scene, hidden = render_scene(FIRST_SEED + at, is_unusual=at % UNUSUAL_EVERY == 1)
        columns = column_map(scene, hidden)
        chance = find(rendered.image_rgb, rendered.um_per_px, ())
        size = (columns.shape[1], columns.shape[0])
        lit = cv2.resize(chance, size, interpolation=cv2.INTER_AREA) >= LIT
        density = columns * UNIT
        counts = (columns != UNKNOWN) & ((density >= SURE_DENSITY) | (density <= NO_DENSITY))
        overlaps.append(overlap_of(lit, density >= SURE_DENSITY, counts))
        nothing = cv2.dilate((columns > 0).astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
        nothing = nothing.repeat(STRIDE, axis=0).repeat(STRIDE, axis=1)
        for number, (name, add) in enumerate(DIRT.items()):
            _add_dirty(dirt[name], find, rendered.image_rgb, chance, nothing, partial(add, _rng(at, number)))
    low, high = interval(images, lambda picks: dice([overlaps[pick] for pick in picks]))
    lines = [
        f"rendered, {images} pictures: Dice {dice(overlaps):.3f} ({low:.3f} to {high:.3f}), IoU {iou(overlaps):.3f}"
    ]
    for name, one in dirt.items():
        share, before = one.after / max(1, one.changed), one.before / max(1, one.changed)
        lines.append(
            f"  {name}: {100 * share:.1f} % of {one.changed} pixels lit, {100 * before:.1f} % without the dirt"
        )
    return "\n".join(lines)


def retina_report(find: Find, retinas: Sequence[Retina]) -> str:
    """Dice and IoU of retinas in skin's colour, where both observers agree, at their own pixels."""
    overlaps = []
    for one in retinas:
        levels = as_skin(one.density * np.float32(RETINA_DENSITY), ABSORBANCE, SKIN)
        image = np.asarray(np.clip(levels + 0.5, 0, 255), dtype=np.uint8)
        chance = find(image, UM_PER_INPUT_PX, ())
        overlaps.append(overlap_of(chance >= LIT, one.vessel == 1, one.vessel != 2))
    each = ", ".join(f"{one.name} {dice([found]):.3f}" for one, found in zip(retinas, overlaps, strict=True))
    return f"retinas held out: Dice {dice(overlaps):.3f}, IoU {iou(overlaps):.3f} ({each})"


def judged_report(find: Find, pictures: Sequence[JudgedPicture]) -> str:
    """How well the mean chance in a box tells loops from what was judged to be none, by the reason."""
    loops, others = [], []
    reasons: list[tuple[str, ...]] = []
    for picture in pictures:
        chance = find(picture.image_rgb, None, picture.loops[:, 2].tolist())
        loops.append(means_in_boxes(chance, picture.loops))
        others.append(means_in_boxes(chance, picture.others))
        reasons.append(picture.reasons)
    lines = [f"judged pictures: {_auc_line(loops, others)}"]
    for reason in sorted({reason for some in reasons for reason in some}):
        chosen = [
            some[[name == reason for name in names]] if len(names) else some
            for some, names in zip(others, reasons, strict=True)
        ]
        lines.append(f"  against {reason}: {_auc_line(loops, chosen)}")
    return "\n".join(lines)


def _auc_line(loops: Sequence[FloatArray], others: Sequence[FloatArray]) -> str:
    def figure(picks: NDArray[np.intp]) -> float:
        none = np.concatenate([others[pick] for pick in picks])
        return area_under_curve(np.concatenate([loops[pick] for pick in picks]), none) if len(none) else np.nan

    every = np.arange(len(loops))
    them, none = np.concatenate(list(loops)), np.concatenate(list(others))
    told = (
        f"mean in {len(them)} loops {them.mean():.3f}, in {len(none)} others {none.mean():.3f}, AUC {figure(every):.3f}"
    )
    drawn = interval(len(loops), figure)
    return told if np.isnan(drawn).any() else f"{told} ({drawn[0]:.3f} to {drawn[1]:.3f})"


def _add_dirty(
    tally: Dirty,
    find: Find,
    image: Image,
    chance: NDArray[np.float32],
    nothing: NDArray[np.bool_],
    add: Callable[[Overlay, float], None],
) -> None:
    overlay = Overlay(image.astype(np.float32))
    add(overlay, 1.0)
    dirty = np.asarray(np.clip(overlay.levels, 0, 255), dtype=np.uint8)
    changed = (np.abs(dirty.astype(np.float32) - image).mean(axis=2) > CHANGED) & nothing
    tally.changed += int(changed.sum())
    tally.before += int((chance[changed] >= LIT).sum())
    tally.after += int((find(dirty, None, ())[changed] >= LIT).sum())


def _rng(picture: int, kind: int) -> np.random.Generator:
    return np.random.default_rng([picture, kind, 11])


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=40, help="rendered pictures; 0 for none")
    parser.add_argument("--chase", type=Path, help="folder of CHASE_DB1")
    parser.add_argument("--real", type=Path, help="folder of the judged pictures")
    parser.add_argument("--judged", type=Path, help="judged.json")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    find = VesselLayer(read_layers(args.weights)).find
    if args.images:
        print(rendered_report(find, args.images), flush=True)
    if args.chase is not None:
        print(retina_report(find, read_retinas(args.chase, HELD_OUT)), flush=True)
    if args.judged is not None:
        print(judged_report(find, read_judged(args.judged, args.real or args.judged.parent)))


if __name__ == "__main__":
    main()
