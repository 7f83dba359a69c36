"""Truth of one live frame: the strip's truth seen through a moving window."""

from dataclasses import dataclass, replace

from engines.synthetic.truth import Box, HaemorrhageTruth, LoopTruth, Point, Segment

MIN_SIDE_PX = 3.0
CUT_SHARE = 0.5


@dataclass(frozen=True)
class FrameTruth:
    """What one live frame shows, in its own pixel coordinates."""

    loops: tuple[LoopTruth, ...]
    haemorrhages: tuple[HaemorrhageTruth, ...]
    um_per_px: float


def see_through(strip: FrameTruth, offset: Point, size: tuple[int, int]) -> FrameTruth:
    """The truth of a window of `size` (width, height) whose top-left pixel lies at `offset` in the strip."""
    loops = [_loop(loop, offset, size) for loop in strip.loops]
    patches = []
    for patch in strip.haemorrhages:
        box = _clip(patch.bbox_px, offset, size)
        if box is not None:
            is_cut = box[2] * box[3] < CUT_SHARE * patch.bbox_px[2] * patch.bbox_px[3]
            patches.append(HaemorrhageTruth(box, patch.is_ignored or is_cut))
    return FrameTruth(tuple(loop for loop in loops if loop is not None), tuple(patches), strip.um_per_px)


def _loop(loop: LoopTruth, offset: Point, size: tuple[int, int]) -> LoopTruth | None:
    box = _clip(loop.bbox_px, offset, size)
    if box is None:
        return None
    apex = _shift(loop.apex_px, offset)
    apical = None if loop.apical_px is None else _move(loop.apical_px, offset)
    return replace(
        loop,
        bbox_px=box,
        apex_px=_clamp(apex, size),
        apical_px=apical,
        arterial_px=_limb(loop.arterial_px, offset, size),
        venous_px=_limb(loop.venous_px, offset, size),
        is_ignored=loop.is_ignored or not _is_inside(apical or (apex, apex), size),
    )


def _clip(box: Box, offset: Point, size: tuple[int, int]) -> Box | None:
    x, y = max(box[0] - offset[0], 0.0), max(box[1] - offset[1], 0.0)
    right = min(box[0] + box[2] - offset[0], size[0] - 1.0)
    bottom = min(box[1] + box[3] - offset[1], size[1] - 1.0)
    return (x, y, right - x, bottom - y) if min(right - x, bottom - y) >= MIN_SIDE_PX else None


def _limb(segment: Segment | None, offset: Point, size: tuple[int, int]) -> Segment | None:
    if segment is None:
        return None
    moved = _move(segment, offset)
    return moved if _is_inside(moved, size) else None


def _move(segment: Segment, offset: Point) -> Segment:
    return (_shift(segment[0], offset), _shift(segment[1], offset))


def _shift(point: Point, offset: Point) -> Point:
    return (point[0] - offset[0], point[1] - offset[1])


def _clamp(point: Point, size: tuple[int, int]) -> Point:
    return (min(max(point[0], 0.0), size[0] - 1.0), min(max(point[1], 0.0), size[1] - 1.0))


def _is_inside(segment: Segment, size: tuple[int, int]) -> bool:
    return all(0 <= x <= size[0] - 1 and 0 <= y <= size[1] - 1 for x, y in segment)
