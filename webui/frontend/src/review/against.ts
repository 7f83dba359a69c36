// A class that the loop's own width contradicts is asked about once.

import type { Capillary, SizeClass } from "../common/analysis";
import { need, setText } from "../common/dom";
import { widthFigure } from "../common/honest_digits";
import { t, tWord } from "../common/i18n";
import { measure, widestUm } from "./geometry";
import type { Edit, ImageReview } from "./protocol";

export interface Contradiction {
  um: number;
  umPerPx: number;
  measured: SizeClass;
}

/** The measured calibre that an edit would contradict, as the station judges it; null where it would not. */
export function contradictedBy(edit: Edit, review: ImageReview): Contradiction | null {
  if ((edit.kind !== "set_morphology" && edit.kind !== "set_size") || edit.against_measurement) return null;
  const at = review.capillaries.findIndex((one) => one.finding_id === edit.finding_id);
  const loop: Capillary | undefined = review.analysis.capillaries[at];
  const { um_per_px } = review.analysis;
  const um = loop ? widestUm(loop.widths_um) : null;
  if (um === null || um_per_px === null) return null;
  const { size, isNearCut } = measure([[0, 0], [um / um_per_px, 0]], um_per_px);
  if (isNearCut || size === null) return null;
  const disagrees = edit.kind === "set_size" ? edit.size !== null && edit.size !== size : (edit.morphology === "giant") !== (size === "giant") && edit.morphology !== "ramified";
  return disagrees ? { um, umPerPx: um_per_px, measured: size } : null;
}

export class AgainstDialog {
  private readonly dialog = need<HTMLDialogElement>("#against");
  private onMeant: () => void = () => {};

  constructor() {
    this.dialog.addEventListener("click", (event) => {
      const button = (event.target as Element).closest("button");
      if (!button && event.target !== this.dialog) return;
      this.dialog.close();
      if (button?.hasAttribute("data-meant")) this.onMeant();
    });
  }

  ask({ um, umPerPx, measured }: Contradiction, onMeant: () => void): void {
    this.onMeant = onMeant;
    setText(need("[data-words]", this.dialog), t("against.measured", { um: widthFigure(um, umPerPx), size: tWord("size", measured).toLowerCase() }));
    this.dialog.showModal();
    need<HTMLElement>("[data-keep]", this.dialog).focus();
  }
}
