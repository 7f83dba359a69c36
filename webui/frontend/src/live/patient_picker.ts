// The patient of a new exam: searched by pseudonym, name or birth date, and chosen in the open (ARIA: combobox with a list).

import { post } from "../common/api";
import { need, setAttribute } from "../common/dom";
import { t } from "../common/i18n";
import { askWhoIsMeant, lookAlikes } from "../common/look_alikes";
import { linesOf } from "../common/patient_words";
import { toastFault } from "../common/toast";
import type { PatientEntryDocument, PatientsAnswer } from "../generated/api";
import { type Chosen, meant, offered, similar } from "./patient_choice";

const SEARCH_AFTER_MS = 120;
const MOST_OFFERED = 6;
const MOST_COMPARED = 200;

export class PatientPicker {
  private readonly field = need<HTMLInputElement>("#pseudonym");
  private readonly list = need("#patients-found");
  private readonly card = need("#patient-chosen");
  private offers: Chosen[] = [];
  private active = -1;
  private asked = 0;
  private choosing = 0;
  private searching: Promise<void> = Promise.resolve();
  chosen: Chosen | null = null;

  constructor(private readonly onChosen: (chosen: Chosen | null) => void) {
    this.field.addEventListener("input", () => this.searchSoon());
    this.field.addEventListener("focus", () => this.list.hidden && this.searchSoon());
    this.field.addEventListener("keydown", (event) => void this.pressed(event));
    this.field.addEventListener("blur", () => this.close());
    // Before the field loses the focus, which would close the list.
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const at = [...this.list.children].indexOf((event.target as Element).closest("[role=option]")!);
      if (at >= 0) void this.choose(this.offers[at]!);
    });
    need("[data-other]", this.card).addEventListener("click", () => this.clear(true));
  }

  focus(): void {
    this.field.focus();
  }

  /** Nobody is chosen any more. */
  clear(isFocused = false): void {
    this.chosen = null;
    this.field.value = "";
    this.draw();
    if (isFocused) this.field.focus();
  }

  private searchSoon(): void {
    this.choosing += 1;
    const number = ++this.asked;
    this.searching = new Promise((done) => {
      window.setTimeout(() => void this.search(number).finally(done), SEARCH_AFTER_MS);
    });
  }

  private async search(number: number): Promise<void> {
    if (number !== this.asked) return;
    const typed = this.field.value;
    try {
      const { patients } = await post<PatientsAnswer>("patients/search", { text: typed, page_size: MOST_OFFERED });
      if (number !== this.asked || typed !== this.field.value) return;
      this.offers = offered(patients, typed);
      this.active = -1;
      this.open();
    } catch (fault) {
      toastFault(fault);
    }
  }

  private async pressed(event: KeyboardEvent): Promise<void> {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.offers.length) {
      event.preventDefault();
      this.active = (this.active + step + this.offers.length + (this.active < 0 && step < 0 ? 1 : 0)) % this.offers.length;
      this.open();
    } else if (event.key === "Escape") {
      this.close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      await this.takeWhatIsMeant();
    }
  }

  private async takeWhatIsMeant(): Promise<void> {
    const picked = this.offers[this.active];
    if (picked) return this.choose(picked);
    if (!this.field.value.trim()) return;
    // What was found must be what was typed last.
    for (let waited = this.searching; ; waited = this.searching) {
      await waited;
      if (waited === this.searching) break;
    }
    const found = meant(this.offers, this.field.value);
    if (found) await this.choose(found);
  }

  private async choose(chosen: Chosen): Promise<void> {
    this.close();
    if (chosen.kind === "known") return this.take(chosen);
    const number = ++this.choosing;
    try {
      // Before anybody is taken for new: a pseudonym that cannot be used stays in the field, one that looks like a patient's is asked about.
      const { known, patients: alike } = await lookAlikes(chosen.pseudonym);
      if (number !== this.choosing) return;
      if (known) return this.take({ kind: "known", patient: known }); // typed in wide letters, say
      if (alike.length) return this.askWhoIsMeant(chosen, alike);
      this.take(chosen);
      const { patients } = await post<PatientsAnswer>("patients/search", { text: "", page_size: MOST_COMPARED });
      if (this.chosen === chosen) this.offerSimilar(similar(patients, chosen.pseudonym));
    } catch (fault) {
      toastFault(fault);
    }
  }

  private take(chosen: Chosen): void {
    this.chosen = chosen;
    this.draw();
    this.onChosen(chosen);
  }

  /** The patient stands there as a new one; nothing can begin before it is said who is meant. */
  private askWhoIsMeant(chosen: Chosen & { kind: "new" }, alike: readonly PatientEntryDocument[]): void {
    this.take(chosen);
    this.onChosen(null);
    askWhoIsMeant(need("[data-similar]", this.card), alike, chosen.pseudonym, (patient) =>
      this.take(patient ? { kind: "known", patient } : { ...chosen, isAnother: true }),
    );
  }

  private draw(): void {
    const { chosen } = this;
    this.card.hidden = chosen === null;
    need("#patient-search").hidden = chosen !== null;
    need("[data-similar]", this.card).replaceChildren();
    if (!chosen) return this.onChosen(null);
    setAttribute(this.card, "data-kind", chosen.kind);
    const lines = chosen.kind === "known" ? linesOf(chosen.patient) : [chosen.pseudonym, t("start.new_patient"), t("start.new_what")];
    need("[data-lines]", this.card).replaceChildren(...lines.filter(Boolean).map((line, at) => Object.assign(document.createElement(at === 0 ? "b" : "span"), { textContent: line })));
  }

  private offerSimilar(patients: readonly PatientEntryDocument[]): void {
    if (!patients.length) return;
    const words = Object.assign(document.createElement("p"), { textContent: t("start.similar") });
    const buttons = patients.map((patient) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: linesOf(patient).slice(0, 2).filter(Boolean).join(", ") });
      button.addEventListener("click", () => void this.choose({ kind: "known", patient }));
      return button;
    });
    need("[data-similar]", this.card).replaceChildren(words, ...buttons);
  }

  private open(): void {
    this.list.replaceChildren(...this.offers.map((offer, at) => option(offer, at, at === this.active)));
    this.list.hidden = this.offers.length === 0;
    setAttribute(this.field, "aria-expanded", String(!this.list.hidden));
    if (this.active >= 0) this.field.setAttribute("aria-activedescendant", `patient-${this.active}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  private close(): void {
    this.asked += 1;
    this.offers = [];
    this.active = -1;
    this.open();
  }
}

function option(offer: Chosen, at: number, isActive: boolean): HTMLElement {
  const item = document.createElement("li");
  item.id = `patient-${at}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(isActive));
  item.dataset["kind"] = offer.kind;
  const lines = offer.kind === "known" ? linesOf(offer.patient) : [t("start.new_named", { pseudonym: offer.pseudonym })];
  item.append(...lines.filter(Boolean).map((line, at) => Object.assign(document.createElement(at === 0 ? "b" : "span"), { textContent: line })));
  return item;
}
