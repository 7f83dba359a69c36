// Every finding as a row of a table: the same edits without the canvas.

import type { Capillary, Morphology } from "../common/analysis";
import { decidingLimbUm } from "../common/overlay";
import { icon } from "../common/dom";
import { figureBeside, WIDTH_OFF_PX, widthFigure } from "../common/honest_digits";
import { t, tWord } from "../common/i18n";
import { inReadingOrder, numbersOf } from "./geometry";
import type { CapillaryOrigin, Edit, ImageReview } from "./protocol";

const SHAPES: readonly Morphology[] = ["normal", "tortuous", "ramified", "giant"];

export interface TableEvents {
  onSelect(id: string): void;
  onEdit(edit: Edit): void;
}

export class FindingsTable {
  private numbers: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly body: HTMLElement,
    private readonly mayEdit: boolean,
    private readonly events: TableEvents,
  ) {}

  show(review: ImageReview, selected: string | null): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset["cell"];
    this.numbers = numbersOf(review.analysis, review);
    const rows = inReadingOrder(review.analysis, review).map((id) => this.row(review, id, id === selected));
    this.body.replaceChildren(...rows);
    // The rows are new, the focus stays where the reader was.
    if (focused) this.body.querySelector<HTMLElement>(`[data-cell="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  private row(review: ImageReview, id: string, isSelected: boolean): HTMLElement {
    const row = document.createElement("tr");
    row.dataset["finding"] = id;
    if (isSelected) row.setAttribute("aria-selected", "true");
    const at = review.capillaries.findIndex((one) => one.finding_id === id);
    const cells = at >= 0
      ? this.capillary(review.analysis.capillaries[at]!, review.capillaries[at]!, review.analysis.um_per_px)
      : [cell(t("review.haemorrhage")), cell(""), cell("")];
    row.append(this.name(id, at >= 0 && review.capillaries[at]!.is_changed), ...cells, this.remove(id, at >= 0));
    return row;
  }

  private nameOf(id: string): string {
    return this.numbers.get(id) ?? id;
  }

  private name(id: string, isChanged: boolean): HTMLElement {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: this.nameOf(id) });
    button.dataset["cell"] = `${id}-name`;
    button.setAttribute("aria-label", t(this.nameOf(id).startsWith("H") ? "review.haemorrhage_name" : "review.capillary_name", { name: this.nameOf(id) }));
    if (isChanged) button.dataset["changed"] = "true";
    button.addEventListener("click", () => this.events.onSelect(id));
    const head = document.createElement("th");
    head.scope = "row";
    head.append(button);
    return head;
  }

  private capillary(loop: Capillary, { finding_id, contradicts, is_possible_giant }: CapillaryOrigin, umPerPx: number | null): HTMLElement[] {
    const shape = document.createElement("select");
    shape.dataset["cell"] = `${finding_id}-shape`;
    shape.disabled = !this.mayEdit;
    shape.setAttribute("aria-label", `${t("review.shape")} ${this.nameOf(finding_id)}`);
    shape.append(...SHAPES.map((name) => new Option(tWord("morphology", name), name, false, name === loop.morphology)));
    shape.addEventListener("change", () =>
      this.events.onEdit({ kind: "set_morphology", finding_id, morphology: shape.value as Morphology }),
    );
    const um = loop.widths_um.apical;
    const mark = { normal: "", enlarged: "▲ ", giant: "▲▲ " }[loop.size];
    const limb = decidingLimbUm(loop);
    const apex = um === null ? figureBeside(loop.widths_px.apical, WIDTH_OFF_PX, 1) : widthFigure(um, umPerPx);
    // The mark stands beside the width that decided.
    const marked = limb === null ? mark + apex : `${apex} ${mark}${widthFigure(limb, umPerPx)}`;
    const width = cell((contradicts ? "≠ " : is_possible_giant ? "? " : "") + marked, "number");
    const seen = is_possible_giant ? t("review.possible_giant") : tWord("size", loop.size);
    width.title = contradicts ? t("against.mark", { size: tWord("size", contradicts).toLowerCase() }) : seen;
    const row = Object.assign(document.createElement("input"), { type: "checkbox", checked: loop.row === "distal", disabled: !this.mayEdit });
    row.dataset["cell"] = `${finding_id}-row`;
    row.setAttribute("aria-label", `${t("loop.distal")}, ${this.nameOf(finding_id)}`);
    row.addEventListener("change", () =>
      this.events.onEdit({ kind: "set_row", finding_id, row: row.checked ? "distal" : "other" }),
    );
    return [wrapped(shape), width, wrapped(row)];
  }

  private remove(id: string, isCapillary: boolean): HTMLElement {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "small icon-only", disabled: !this.mayEdit });
    button.dataset["cell"] = `${id}-delete`;
    button.setAttribute("aria-label", `${t("review.delete")} ${this.nameOf(id)}`);
    button.append(icon("discard"));
    button.addEventListener("click", () =>
      this.events.onEdit({ kind: isCapillary ? "delete_capillary" : "delete_haemorrhage", finding_id: id }),
    );
    return wrapped(button);
  }
}

function cell(text: string, className = ""): HTMLElement {
  return Object.assign(document.createElement("td"), { textContent: text, className });
}

function wrapped(child: HTMLElement): HTMLElement {
  const made = document.createElement("td");
  made.append(child);
  return made;
}
