// The selected finding: its class, its widths, its row, all by form fields as well as by hand on the picture.

import type { AnalysedImage, Capillary, Morphology, Segment, SizeClass } from "../common/analysis";
import { need, setText } from "../common/dom";
import { widthWords } from "../common/honest_digits";
import { t, tWord } from "../common/i18n";
import { measure, numbersOf } from "./geometry";
import { type CapillaryOrigin, type Edit, type ImageReview, WIDTH_KINDS, type WidthKind } from "./protocol";

export interface PanelEvents {
  onEdit(edit: Edit): void;
  onDraw(kind: WidthKind): void;
}

export class FindingPanel {
  private id: string | null = null;
  private review: ImageReview | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly events: PanelEvents,
  ) {
    root.querySelectorAll<HTMLButtonElement>("[data-morphology]").forEach((button) =>
      button.addEventListener("click", () => this.reclass(button.dataset["morphology"] as Morphology)),
    );
    root.querySelectorAll<HTMLButtonElement>("[data-draw]").forEach((button) =>
      button.addEventListener("click", () => this.events.onDraw(button.dataset["draw"] as WidthKind)),
    );
    root.querySelectorAll<HTMLButtonElement>("[data-remove]").forEach((button) =>
      button.addEventListener("click", () =>
        this.send({ kind: "remove_width", finding_id: this.id!, width: button.dataset["remove"] as WidthKind }),
      ),
    );
    need("#confirm-giant", root).addEventListener("click", () => this.confirmGiant());
    const size = need<HTMLSelectElement>("#size", root);
    size.addEventListener("change", () =>
      this.send({ kind: "set_size", finding_id: this.id!, size: (size.value || null) as SizeClass | null }),
    );
    const row = need<HTMLSelectElement>("#row", root);
    row.addEventListener("change", () =>
      this.send({ kind: "set_row", finding_id: this.id!, row: (row.value || null) as "distal" | "other" | null }),
    );
  }

  show(review: ImageReview, id: string | null): void {
    [this.review, this.id] = [review, id];
    const at = review.capillaries.findIndex((one) => one.finding_id === id);
    const isBlood = review.haemorrhages.some((one) => one.finding_id === id);
    need("#finding-none", this.root).hidden = at >= 0 || isBlood;
    need("#finding-form", this.root).hidden = at < 0 && !isBlood;
    need("#capillary-form", this.root).hidden = at < 0;
    if (id === null) return;
    const name = numbersOf(review.analysis, review).get(id) ?? id;
    setText(need("#finding-name", this.root), t(isBlood ? "review.haemorrhage_name" : "review.capillary_name", { name }));
    setText(need("#finding-origin", this.root), "");
    if (at >= 0) this.capillary(review.analysis.capillaries[at]!, review.capillaries[at]!, review.analysis);
  }

  reclass(morphology: Morphology): void {
    if (this.id && this.isCapillary) this.send({ kind: "set_morphology", finding_id: this.id, morphology });
  }

  /** A person says that it is a giant: a ramified one stays ramified. */
  private confirmGiant(): void {
    const loop = this.review?.analysis.capillaries[this.review.capillaries.findIndex((one) => one.finding_id === this.id)];
    if (loop?.morphology === "ramified") this.send({ kind: "set_size", finding_id: this.id!, size: "giant" });
    else this.reclass("giant");
  }

  toggleRow(): void {
    const at = this.review?.capillaries.findIndex((one) => one.finding_id === this.id) ?? -1;
    if (at < 0) return;
    const row = this.review!.analysis.capillaries[at]!.row === "distal" ? "other" : "distal";
    this.send({ kind: "set_row", finding_id: this.id!, row });
  }

  get isCapillary(): boolean {
    return this.review?.capillaries.some((one) => one.finding_id === this.id) ?? false;
  }

  /** Figures while a hand still drags the end of a width. */
  live(kind: WidthKind, segment: Segment): void {
    const found = measure(segment, this.review?.analysis.um_per_px ?? null);
    const line = this.line(kind);
    setText(need("[data-value]", line), widthWords(found.um, found.px, this.review?.analysis.um_per_px ?? null));
    setText(need("[data-note]", line), [found.size && tWord("size", found.size), found.isNearCut && t("review.near_cut")].filter(Boolean).join(", "));
  }

  private send(edit: Edit): void {
    if (this.id) this.events.onEdit(edit);
  }

  private line(kind: WidthKind): HTMLElement {
    return need(`[data-width="${kind}"]`, this.root);
  }

  private capillary(loop: Capillary, origin: CapillaryOrigin, image: AnalysedImage): void {
    const changed = origin.is_drawn ? "review.drawn" : "review.changed";
    const contradiction = origin.contradicts ? t("against.mark", { size: tWord("size", origin.contradicts).toLowerCase() }) : "";
    setText(need("#finding-origin", this.root), [origin.is_changed ? t(changed) : t("review.by_machine"), contradiction].filter(Boolean).join("; "));
    need("#possible-giant", this.root).hidden = !origin.is_possible_giant;
    this.root.querySelectorAll<HTMLElement>("[data-morphology]").forEach((button) => {
      const isChosen = button.dataset["morphology"] === loop.morphology;
      button.setAttribute("aria-checked", String(isChosen));
    });
    WIDTH_KINDS.forEach((kind) => this.width(kind, loop, origin, image));
    const size = need<HTMLSelectElement>("#size", this.root);
    const basis = loop.size_basis === "measured" ? "review.size_measured" : "review.size_seen";
    size.options[0]!.textContent = origin.size_by_hand ? t("review.size_measured", { size: "…" }) : t(basis, { size: tWord("size", loop.size) });
    size.value = origin.size_by_hand ? loop.size : "";
    const row = need<HTMLSelectElement>("#row", this.root);
    const byRule = loop.row === "distal" ? t("loop.distal") : t("loop.other");
    row.options[0]!.textContent = t("review.row_by_rule", { row: origin.row_by_hand ? "…" : byRule });
    row.value = origin.row_by_hand ? loop.row : "";
  }

  private width(kind: WidthKind, loop: Capillary, origin: CapillaryOrigin, image: AnalysedImage): void {
    const line = this.line(kind);
    const [um, px] = [loop.widths_um[kind], loop.widths_px[kind]];
    setText(need("[data-value]", line), widthWords(um, px, image.um_per_px));
    const isByHand = origin.widths_by_hand.includes(kind);
    const segment = loop.segments_px[kind];
    const isNear = segment && px !== null && um !== null && image.um_per_px !== null &&
      measure([[0, 0], [px, 0]], image.um_per_px).isNearCut;
    setText(need("[data-note]", line), [isByHand && t("review.by_hand"), isNear && t("review.near_cut")].filter(Boolean).join(", "));
    line.dataset["byHand"] = String(isByHand);
    need<HTMLButtonElement>("[data-remove]", line).hidden = px === null;
  }
}
