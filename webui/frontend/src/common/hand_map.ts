// The hand map that templates/hand_map.html lays out, brought up to date from the station's answer.

import type { CellDocument, HandMapDocument } from "../generated/api";
import { setAttribute, setText } from "./dom";
import { t, tWord } from "./i18n";

/** Shows the map in a `[data-hand-map]`; only what differs is written. */
export function showHandMap(root: ParentNode, map: HandMapDocument): void {
  for (const cell of map.cells) {
    const element = root.querySelector(`[data-cell="${cell.hand}-${cell.finger}-${cell.sector}"]`);
    if (!element) continue;
    const words = cellWords(cell);
    setAttribute(element, "data-state", cell.state);
    setAttribute(element, "title", words);
    setAttribute(element, "aria-label", words);
  }
  for (const [state, count] of Object.entries(map.counts)) {
    const element = root.querySelector(`[data-count="${state}"]`);
    if (element) setText(element, String(count));
  }
}

/** Marks the sector to be captured next; null marks none. */
export function markCurrent(root: ParentNode, place: { hand: string; finger: string; sector: string } | null): void {
  root.querySelector("[data-current]")?.removeAttribute("data-current");
  if (place) root.querySelector(`[data-cell="${place.hand}-${place.finger}-${place.sector}"]`)?.setAttribute("data-current", "");
}

/** "Left hand, Ring, B: not evaluable (Reflections)". */
export function cellWords(cell: CellDocument): string {
  const where = [tWord("hand", cell.hand), tWord("finger", cell.finger), tWord("sector", cell.sector)].join(", ");
  const why = cell.reasons.length > 0 ? ` (${cell.reasons.join(", ")})` : "";
  return `${where}: ${t(`hand_map.${cell.state}`)}${why}`;
}
