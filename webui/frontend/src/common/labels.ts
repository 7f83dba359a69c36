// Where the labels of a crowded picture go.

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface LabelRequest {
  /** Stable from frame to frame, so that a label keeps its side. */
  key: string;
  /** The box that the label belongs to, in the coordinates of the canvas. */
  anchor: Rect;
  w: number;
  h: number;
  /** Higher first; a label that finds no room is left out. */
  priority: number;
}

export interface PlacedLabel {
  key: string;
  rect: Rect;
  side: number;
}

const GAP = 3;

/**
 * Greedy placement: the most important label chooses first among six places around its box, beginning with the one it
 * had in the last frame, and never covers another label. Labels may cross boxes, never each other.
 *
 * @param previousSides key to the side of the last frame; hold on to what `placeLabels` returned.
 */
export function placeLabels(
  requests: readonly LabelRequest[],
  bounds: Rect,
  previousSides: ReadonlyMap<string, number>,
): PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  const byPriority = [...requests].sort((a, b) => b.priority - a.priority || (a.key < b.key ? -1 : 1));
  for (const request of byPriority) {
    const places = candidates(request);
    const previous = previousSides.get(request.key);
    const order = places.map((_, side) => side);
    if (previous !== undefined && previous < order.length) {
      order.sort((a, b) => Number(b === previous) - Number(a === previous) || a - b);
    }
    const side = order.find((option) => {
      const rect = places[option]!;
      return isInside(rect, bounds) && !placed.some((other) => overlaps(rect, other.rect));
    });
    if (side !== undefined) {
      placed.push({ key: request.key, rect: places[side]!, side });
    }
  }
  return placed;
}

function candidates({ anchor, w, h }: LabelRequest): Rect[] {
  const centred = anchor.x + anchor.w / 2 - w / 2;
  const above = anchor.y - GAP - h;
  const right = anchor.x + anchor.w + GAP;
  return [
    { x: centred, y: above, w, h },
    { x: anchor.x + anchor.w - w / 3, y: above, w, h },
    { x: anchor.x - (2 * w) / 3, y: above, w, h },
    { x: centred, y: above - h - 2, w, h },
    { x: right, y: anchor.y + GAP, w, h },
    { x: anchor.x - GAP - w, y: anchor.y + GAP, w, h },
  ];
}

function isInside(rect: Rect, bounds: Rect): boolean {
  return (
    rect.x >= bounds.x &&
    rect.y >= bounds.y &&
    rect.x + rect.w <= bounds.x + bounds.w &&
    rect.y + rect.h <= bounds.y + bounds.h
  );
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
