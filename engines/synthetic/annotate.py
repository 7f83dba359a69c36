"""Ground truth of drawn loops, as an expert would box and measure them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology, Row, SizeClass
from engines.synthetic.drawing import DrawnLoop, density_maps
from engines.synthetic.rasterise import Patch, Tube
from engines.synthetic.truth import Box, LoopTruth, Point, Segment, size_class_of
from engines.synthetic.view import View
from engines.synthetic.visibility import Visibility, sample_patch, see

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IGNORED_BELOW = 0.28
"""Visibility that 1.35 times the least visible density has."""
OWN_SHARE = 0.45
"""A head that owns less than this of the blood seen there is lost in other vessels."""
DROPPED_BELOW = 0.15
"""Visibility that 0.95 times the least visible density has: what is paler nobody sees, so it is not in the truth."""
OUT_OF_FOCUS, SOFTER_THAN_ROW = 0.28, 1.6
"""A loop whose blur is more than this share of its head's width has lost its shape; where it is also so many times
softer than the sharper quarter of the picture's loops, experts differ on whether to box it (our choice)."""
HOLLOW = 1.75
"""A head at least this many apical widths wide shows a hollow under its bend; without one there is no inner edge."""
EDGE_BLUR = 0.4
"""A box ends at the visible outer edges of the red-cell column: so many sigmas of blur outside the true ones, where a
third of the blood's density is left. Experts who draw the column's edges draw no skin beside it."""
MERGED_LIMBS = 1.0
"""Limbs whose centre lines are closer than this many mean widths cannot be measured apart."""


def annotate(
    drawn: tuple[DrawnLoop, ...], view: View, noise: float, ground: NDArray[np.float32] | None = None
) -> tuple[LoopTruth, ...]:
    """Truth of all loops that leave a trace.

    `noise` is the sensor noise as a share of the mean level; `ground`, float32 (height, width), is the density of all
    blood that is in no loop.
    """
    clutter = density_maps(drawn, view)
    if ground is not None:
        clutter[:, :, 1] += ground
    everything = Patch(0, 0, clutter)
    sharp_px = float(np.percentile([one.blur_px for one in drawn], 25)) if drawn else 0.0
    found = [(one, _annotate_one(one, view, noise)) for one in drawn]
    truths = [
        replace(truth, is_ignored=True, counts_at_border=False)
        if _is_lost(one, everything) or _is_out_of_focus(one, view, sharp_px)
        else truth
        for one, truth in found
        if truth is not None
    ]
    rows = [Row.DISTAL if is_distal else Row.OTHER for is_distal in _find_distal(truths, view)]
    return tuple(replace(truth, row=row) for truth, row in zip(truths, rows, strict=True))


def _annotate_one(drawn: DrawnLoop, view: View, noise: float) -> LoopTruth | None:
    shape, main, stroke = drawn.loop.shape, drawn.tubes[0], drawn.loop.shape.strokes[0]
    seen = see(drawn, noise)
    box = _box(drawn, seen, view)
    if seen.share < DROPPED_BELOW or box is None or min(box[2], box[3]) < 3:
        return None
    apical = _segment(main, shape.apex)
    is_hollow = shape.head_width_um >= HOLLOW * float(stroke.width_um[shape.apex])
    head = main.points_px[stroke.below_um <= shape.head_um]
    is_cut = bool(_inside(head, view).mean() < 0.5 or not _inside(np.array(apical), view).all())
    size = size_class_of(float(stroke.width_um[[shape.apex, shape.arterial, shape.venous]].max()))
    return LoopTruth(
        bbox_px=box,
        morphology=_morphology(shape.morphology, size),
        size=size,
        apex_px=_clip_point(main.points_px[shape.apex], view),
        apical_px=apical if is_hollow else None,
        arterial_px=_limb(drawn, seen, shape.arterial, view),
        venous_px=_limb(drawn, seen, shape.venous, view),
        row=Row.OTHER,
        visibility=seen.share,
        density=seen.peak,
        is_ignored=is_cut or seen.share < IGNORED_BELOW,
        counts_at_border=is_cut and seen.share >= IGNORED_BELOW and _is_apex_inside(main, shape.apex, view),
    )


def _is_apex_inside(main: Tube, apex: int, view: View) -> bool:
    """The apex is the middle of the head: inside the picture, half of the head is."""
    return bool(_inside(main.points_px[apex : apex + 1], view).all())


def _morphology(drawn: Morphology, size: SizeClass) -> Morphology:
    """A smooth loop is a giant exactly when its calibre is; tortuous and ramified keep their shape."""
    if drawn in {Morphology.NORMAL, Morphology.GIANT}:
        return Morphology.GIANT if size is SizeClass.GIANT else Morphology.NORMAL
    return drawn


def _is_lost(drawn: DrawnLoop, everything: Patch) -> bool:
    """Whether other vessels over the head leave it indistinguishable."""
    head = drawn.loop.shape.strokes[0].below_um <= drawn.loop.shape.head_um + 20
    own = sample_patch(drawn.patch, drawn.tubes[0])[head]
    total = sample_patch(everything, drawn.tubes[0])[head]
    return float(own.sum()) < OWN_SHARE * float(total.sum())


def _is_out_of_focus(drawn: DrawnLoop, view: View, sharp_px: float) -> bool:
    """Whether the loop is a soft blob in a picture that shows others sharply."""
    head_px = drawn.loop.shape.head_width_um / view.um_per_px
    return drawn.blur_px > max(OUT_OF_FOCUS * head_px, SOFTER_THAN_ROW * sharp_px)


def _box(drawn: DrawnLoop, seen: Visibility, view: View) -> Box | None:
    """Around the column edges of every visible sample, clipped to the image; x, y, w, h."""
    main, visible = drawn.tubes[0], slice(seen.run[0], seen.run[1] + 1)
    points, radii = [main.points_px[visible]], [main.radius_px[visible]]
    for tube, values in zip(drawn.tubes[1:], seen.along[1:], strict=True):
        points.append(tube.points_px[values > seen.threshold])
        radii.append(tube.radius_px[values > seen.threshold])
    margin = EDGE_BLUR * drawn.blur_px
    at, radius = np.concatenate(points), np.concatenate(radii)[:, None] + margin
    inside = _inside(at, view)
    if not inside.any():
        return None
    low = np.maximum((at - radius)[inside].min(axis=0), 0)
    high = np.minimum((at + radius)[inside].max(axis=0), (view.width - 1, view.height - 1))
    return (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def _limb(drawn: DrawnLoop, seen: Visibility, at: int, view: View) -> Segment | None:
    """The segment across a limb, or None where it is out of sight, out of the image or not apart from its twin."""
    main, shape = drawn.tubes[0], drawn.loop.shape
    other = shape.venous if at == shape.arterial else shape.arterial
    apart = float(np.linalg.norm(main.points_px[at] - main.points_px[other]))
    is_apart = apart >= MERGED_LIMBS * float(main.radius_px[at] + main.radius_px[other])
    near = seen.along[0][max(0, at - 5) : at + 6]
    is_sharp = drawn.blur_px < 1.6 * main.radius_px[at]
    is_seen = near.max() >= seen.least and seen.run[0] <= at <= seen.run[1]
    segment = _segment(main, at)
    is_inside = bool(_inside(np.array(segment), view).all())
    return segment if is_seen and is_sharp and is_apart and is_inside else None


def _segment(tube: Tube, at: int) -> Segment:
    """Across the column at a sample, true width, square to its line; outer edge first at the apex."""
    before, after = tube.points_px[max(0, at - 2)], tube.points_px[min(len(tube.points_px) - 1, at + 2)]
    tangent = (after - before) / max(float(np.linalg.norm(after - before)), 1e-9)
    normal = np.array([-tangent[1], tangent[0]]) * tube.radius_px[at]
    centre = tube.points_px[at]
    one, two = centre + normal, centre - normal
    inner = tube.points_px[[max(0, at - 12), min(len(tube.points_px) - 1, at + 12)]].mean(axis=0)
    if np.linalg.norm(one - inner) < np.linalg.norm(two - inner):
        one, two = two, one
    return ((float(one[0]), float(one[1])), (float(two[0]), float(two[1])))


def _inside(points: FloatArray, view: View) -> BoolArray:
    return np.asarray(((points >= 0) & (points <= (view.width - 1, view.height - 1))).all(axis=1))


def _clip_point(point: FloatArray, view: View) -> Point:
    return (float(np.clip(point[0], 0, view.width - 1)), float(np.clip(point[1], 0, view.height - 1)))


def _find_distal(truths: list[LoopTruth], view: View) -> list[bool]:
    """Whether no other visible apex lies within 45 degrees of straight distal (the 90 degree rule)."""
    apices = view.to_um(np.array([t.apex_px for t in truths]).reshape(-1, 2))
    counted = np.array([t.is_counted for t in truths], dtype=bool)
    along = np.abs(apices[:, None, 0] - apices[None, :, 0])
    above = apices[:, None, 1] - apices[None, :, 1]
    return [bool(x) for x in ~((above > along) & (above > 0) & counted[None, :]).any(axis=1)]
