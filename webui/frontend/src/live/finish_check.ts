// What an exam lacks, said before it is closed and sent.

import { need, setText } from "../common/dom";
import { inLine, t, tWord } from "../common/i18n";
import { samePlace } from "./placement";
import type { ExamDocument, Placement } from "./protocol";

export interface Lacking {
  hand: Placement["hand"];
  finger: Placement["finger"];
  sectors: Placement["sector"][];
}

/** Per finger the places of the protocol that have neither a picture nor a reason why not, in the protocol's order. */
export function lacking(exam: ExamDocument): Lacking[] {
  if (exam.protocol === "free") return [];
  const done = [...exam.images.filter(({ kind }) => kind === "still"), ...exam.skipped];
  const found: Lacking[] = [];
  for (const place of exam.placements) {
    if (done.some((other) => samePlace(other, place))) continue;
    const known = found.find(({ hand, finger }) => hand === place.hand && finger === place.finger);
    if (known) known.sectors.push(place.sector);
    else found.push({ hand: place.hand, finger: place.finger, sectors: [place.sector] });
  }
  return found;
}

/** How many of the protocol's places are done, and of how many. */
export function progress(exam: ExamDocument): { done: number; total: number } {
  const missing = lacking(exam).reduce((sum, { sectors }) => sum + sectors.length, 0);
  return { done: exam.placements.length - missing, total: exam.placements.length };
}

export class FinishCheck {
  private readonly dialog = need<HTMLDialogElement>("#finish-check");

  constructor(
    private readonly onFinish: () => void,
    private readonly onGo: (place: Placement) => void,
  ) {
    this.dialog.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button");
      if (!button && event.target !== this.dialog) return;
      this.dialog.close();
      if (button?.hasAttribute("data-finish")) this.onFinish();
      const { hand, finger, sector } = button?.dataset ?? {};
      if (hand) this.onGo({ hand, finger, sector } as Placement);
    });
  }

  /** Asks where something is missing; true where the exam is whole and nothing has to be asked. */
  isWhole(exam: ExamDocument): boolean {
    const missing = lacking(exam);
    if (!missing.length) return true;
    setText(need("[data-progress]", this.dialog), t("finish.progress", { ...progress(exam) }));
    need("[data-missing]", this.dialog).replaceChildren(...missing.map(row));
    this.dialog.showModal();
    need<HTMLElement>("[data-go-on]", this.dialog).focus();
    return false;
  }
}

function row({ hand, finger, sectors }: Lacking): HTMLElement {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "finish-row" });
  Object.assign(button.dataset, { hand, finger, sector: sectors[0]! });
  const where = `${tWord("hand", hand)}, ${inLine(tWord("finger", finger))}`;
  button.append(
    Object.assign(document.createElement("span"), { textContent: where }),
    Object.assign(document.createElement("b"), { textContent: sectors.join(", ") }),
  );
  item.append(button);
  return item;
}
