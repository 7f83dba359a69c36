// Moving over the fingers by keyboard.

import type { Placement } from "./protocol";

// As both hands lie on the table, seen from above; thumbs are outside the standard and reached by pointer or Tab alone.
const FINGERS: readonly [Placement["hand"], Placement["finger"]][] = [
  ["left", "little"],
  ["left", "ring"],
  ["left", "middle"],
  ["left", "index"],
  ["right", "index"],
  ["right", "middle"],
  ["right", "ring"],
  ["right", "little"],
];

/** The placement one finger to the left (-1) or right (+1); stays at the ends. From a thumb to that hand's index. */
export function neighbourFinger(placement: Placement, step: -1 | 1): Placement {
  const at = FINGERS.findIndex(([hand, finger]) => hand === placement.hand && finger === placement.finger);
  if (at < 0) return { ...placement, finger: "index" };
  const [hand, finger] = FINGERS[Math.min(Math.max(at + step, 0), FINGERS.length - 1)]!;
  return { ...placement, hand, finger };
}

export function samePlace(a: Placement, b: Placement): boolean {
  return a.hand === b.hand && a.finger === b.finger && a.sector === b.sector;
}

/** The placement before or behind this one in the protocol's order; its first where the protocol does not know it. */
export function neighbourPlacement(placement: Placement, order: readonly Placement[], step: -1 | 1): Placement {
  const at = order.findIndex((other) => samePlace(other, placement));
  return order[at < 0 ? 0 : Math.min(Math.max(at + step, 0), order.length - 1)] ?? placement;
}
