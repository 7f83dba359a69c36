// One loop's own figures, under the pointer.

import type { AnalysedImage, Capillary } from "../common/analysis";
import { need, setText } from "../common/dom";
import { figureBeside, WIDTH_OFF_PX, widthFigure } from "../common/honest_digits";
import { inLine, t, tWord } from "../common/i18n";

/** The smallest box that contains a point of the picture; null where there is none. */
export function loopAt(image: AnalysedImage, x: number, y: number): Capillary | null {
  const hit = image.capillaries.filter(({ bbox_px: [left, top, w, h] }) => x >= left && x <= left + w && y >= top && y <= top + h);
  return hit.sort((a, b) => a.bbox_px[2] * a.bbox_px[3] - b.bbox_px[2] * b.bbox_px[3])[0] ?? null;
}

/** Its index among the picture's capillaries. */
export function placeOf(image: AnalysedImage, capillary: Capillary): number {
  return image.capillaries.indexOf(capillary);
}

/** "Apex 22.4 µm" and so on; pixels without a scale. */
export function widthLine(capillary: Capillary, umPerPx: number | null): string {
  const names = ["apical", "arterial", "venous"] as const;
  const isCalibrated = names.some((name) => capillary.widths_um[name] !== null);
  const unit = isCalibrated ? "µm" : "px";
  const { widths_um: um, widths_px: px } = capillary;
  const written = (name: (typeof names)[number]) => (isCalibrated ? widthFigure(um[name], umPerPx) : figureBeside(px[name], WIDTH_OFF_PX, 1));
  return names.map((name) => `${t(`loop.${name}`)} ${written(name)}`).join("   ") + `   ${unit}`;
}

export class LoopCard {
  private readonly card = need("#loop-card");

  show(capillary: Capillary | null, umPerPx: number | null): void {
    this.card.hidden = capillary === null;
    if (!capillary) return;
    const basis = capillary.size_basis === "appearance" ? ` (${t("loop.by_appearance")})` : "";
    const row = t(capillary.row === "distal" ? "loop.distal" : "loop.other");
    const number = capillary.track_id === null ? "" : `#${capillary.track_id}   `;
    setText(
      this.card,
      `${number}${tWord("morphology", capillary.morphology)}, ${inLine(tWord("size", capillary.size))}${basis}, ${row}\n${widthLine(capillary, umPerPx)}`,
    );
  }
}
