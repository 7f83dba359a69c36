"""Ground truth of drawn loops, as an expert would box and measure them."""

import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Morphology, Row, SizeClass
from engines.synthetic.drawing import DrawnLoop
from engines.synthetic.rasterise import Tube
from engines.synthetic.truth import Box, LoopTruth, Point, Segment, classify_size
from engines.synthetic.view import View

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
SEEN_DENSITY = 0.022
"""Green optical density that the eye still follows on clean skin; the palest 5 % of labelled real loops have 0.065 at
their darkest."""
FAINTER_THAN_HEAD = 0.27
"""A limb ends where it has faded to this share of its own head."""
BRIDGED_UM = 40.0
"""A plasma gap this long does not end a limb."""
IGNORED_BELOW = 0.25
DROPPED_BELOW = 0.03
MERGED_LIMBS = 1.0
"""Limbs whose centre lines are closer than this many mean widths cannot be measured apart."""


def annotate(drawn: tuple[DrawnLoop, ...], view: View, noise: float) -> tuple[LoopTruth, ...]:
    """Truth of all loops that leave a trace. `noise` is the sensor noise as a share of the mean level."""
    truths = [t for t in (_annotate_one(d, view, noise) for d in drawn) if t is not None]
    return tuple(_with_row(t, truths, view) for t in truths)


def _annotate_one(drawn: DrawnLoop, view: View, noise: float) -> LoopTruth | None:
    shape, main = drawn.loop.shape, drawn.tubes[0]
    seen = [_sample_patch(drawn, tube) for tube in drawn.tubes]
    below = shape.strokes[0].below_um
    head = below <= shape.head_um
    peak = float(np.percentile(seen[0][below <= shape.head_um + 40], 80))
    least = SEEN_DENSITY + 0.8 * noise
    visibility = float(np.clip((peak / least - 0.5) / 3.0, 0, 1))
    if visibility < DROPPED_BELOW:
        return None
    threshold = max(least, FAINTER_THAN_HEAD * peak)
    first, last = _visible_run(seen[0] > threshold, shape.apex, below, head)
    box = _box(drawn, seen, threshold, first, last, view)
    if box is None or min(box[2], box[3]) < 3:
        return None
    apical = _segment(main, shape.apex)
    inside_head = _inside(main.points_px[head], view)
    is_cut = bool(inside_head.mean() < 0.5 or not _inside(np.array(apical), view).all())
    stroke = shape.strokes[0]
    size = classify_size(float(stroke.width_um[[shape.apex, shape.arterial, shape.venous]].max()))
    return LoopTruth(
        bbox_px=box,
        morphology=_morphology(shape.morphology, size),
        size=size,
        apex_px=_clip_point(main.points_px[shape.apex], view),
        apical_px=apical,
        arterial_px=_limb(drawn, seen[0], shape.arterial, least, (first, last), view),
        venous_px=_limb(drawn, seen[0], shape.venous, least, (first, last), view),
        row=Row.OTHER,
        visibility=visibility,
        is_ignored=is_cut or visibility < IGNORED_BELOW,
    )


def _morphology(drawn: Morphology, size: SizeClass) -> Morphology:
    """A smooth loop of giant calibre is a giant; tortuous and ramified keep their shape."""
    return Morphology.GIANT if size is SizeClass.GIANT and drawn is Morphology.NORMAL else drawn


def _sample_patch(drawn: DrawnLoop, tube: Tube) -> FloatArray:
    """Blurred density along a tube's centre line; 0 outside the image."""
    total = drawn.patch.total
    x = np.rint(tube.points_px[:, 0]).astype(np.int64) - drawn.patch.x
    y = np.rint(tube.points_px[:, 1]).astype(np.int64) - drawn.patch.y
    inside = (x >= 0) & (y >= 0) & (x < total.shape[1]) & (y < total.shape[0])
    values = np.zeros(len(x))
    values[inside] = total[y[inside], x[inside]]
    return values


def _visible_run(seen: BoolArray, apex: int, below: FloatArray, head: BoolArray) -> tuple[int, int]:
    """First and last sample that can be followed from the head without a long gap."""
    step = 2.0
    bridge = int(BRIDGED_UM / step)
    head_at = np.flatnonzero(head)
    first, last = int(head_at[0]), int(head_at[-1])
    for i in range(apex, -1, -1):
        if seen[i] and (first - i) <= bridge:
            first = min(first, i)
    for i in range(apex, len(seen)):
        if seen[i] and (i - last) <= bridge:
            last = max(last, i)
    return first, last


def _box(
    drawn: DrawnLoop, seen: list[FloatArray], threshold: float, first: int, last: int, view: View
) -> Box | None:
    """Around the column edges of every visible sample, clipped to the image; x, y, w, h."""
    main = drawn.tubes[0]
    points, radii = [main.points_px[first : last + 1]], [main.radius_px[first : last + 1]]
    for tube, values in zip(drawn.tubes[1:], seen[1:], strict=True):
        points.append(tube.points_px[values > threshold])
        radii.append(tube.radius_px[values > threshold])
    at, radius = np.concatenate(points), np.concatenate(radii)[:, None] + 0.3 * drawn.blur_px
    inside = _inside(at, view)
    if not inside.any():
        return None
    at, radius = at[inside], radius[inside]
    low = np.maximum((at - radius).min(axis=0), 0)
    high = np.minimum((at + radius).max(axis=0), (view.width - 1, view.height - 1))
    return (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def _limb(
    drawn: DrawnLoop, seen: FloatArray, at: int, least: float, run: tuple[int, int], view: View
) -> Segment | None:
    """The segment across a limb, or None where it is out of sight, out of the image or not apart from its twin."""
    main, shape = drawn.tubes[0], drawn.loop.shape
    other = shape.venous if at == shape.arterial else shape.arterial
    apart = float(np.linalg.norm(main.points_px[at] - main.points_px[other]))
    mean_width = float(main.radius_px[at] + main.radius_px[other])
    segment = _segment(main, at)
    near = seen[max(0, at - 5) : at + 6]
    is_seen = near.max() >= least and run[0] <= at <= run[1] and drawn.blur_px < 1.6 * main.radius_px[at]
    is_apart = apart >= MERGED_LIMBS * mean_width
    return segment if is_seen and is_apart and bool(_inside(np.array(segment), view).all()) else None


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


def _with_row(truth: LoopTruth, truths: list[LoopTruth], view: View) -> LoopTruth:
    """Distal unless another visible apex lies within 45 degrees of straight distal (the 90 degree rule)."""
    mine = view.to_um(np.array([truth.apex_px]))[0]
    for other in truths:
        if other is truth or other.is_ignored:
            continue
        along, up = np.abs(view.to_um(np.array([other.apex_px]))[0][0] - mine[0]), 0.0
        up = float(mine[1] - view.to_um(np.array([other.apex_px]))[0][1])
        if up > along and up > 0:
            return truth
    return LoopTruth(**{**truth.__dict__, "row": Row.DISTAL})
