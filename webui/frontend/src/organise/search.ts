// Search as you type. What is typed goes in a request's body and stays in this tab: it may be a patient's name.

import { csrfToken } from "../common/api";
import { need } from "../common/dom";
import { t } from "../common/i18n";
import { toast } from "../common/toast";
import { conditionsIn } from "./conditions";

const PAUSE_MS = 160;

class LiveSearch {
  private timer = 0;
  private asked = 0;
  private readonly target: HTMLElement;
  private readonly key: string;

  constructor(private readonly form: HTMLFormElement) {
    this.target = need(form.dataset["target"]!);
    this.key = `nailfold_search:${window.location.pathname}${window.location.search}`;
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "null") as { fields: [string, string][]; page: number } | null;
    form.addEventListener("input", () => this.soon());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.run(0);
    });
    form.addEventListener("reset", () => window.setTimeout(() => void this.run(0)));
    this.target.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLButtonElement>("[data-page]");
      if (button) void this.run(Number(button.dataset["page"])).then(() => this.target.scrollIntoView({ block: "start" }));
    });
    if (kept) this.bringBack(kept);
  }

  private bringBack({ fields, page }: { fields: [string, string][]; page: number }): void {
    for (const [name, value] of fields) {
      const field = this.form.elements.namedItem(name);
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value;
    }
    if (page > 0 || fields.some(([, value]) => value)) void this.run(page);
  }

  private soon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.run(0), PAUSE_MS);
  }

  private async run(page: number): Promise<void> {
    window.clearTimeout(this.timer);
    const fields = [...new FormData(this.form).entries()].map(([name, value]) => [name, String(value)] as [string, string]);
    sessionStorage.setItem(this.key, JSON.stringify({ fields, page }));
    this.form.querySelector("[data-clear]")?.toggleAttribute("hidden", !fields.some(([, value]) => value));
    const turn = ++this.asked;
    const response = await fetch(this.form.dataset["search"]!, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      body: JSON.stringify(conditionsIn(this.form, page)),
    }).catch(() => null);
    // An answer to what was asked before must not replace a newer one.
    if (turn !== this.asked) return;
    if (!response?.ok) return toast(t("errors.unreachable.message"), "problem", undefined, t("errors.unreachable.remedy"));
    this.target.replaceChildren(document.createRange().createContextualFragment(await response.text()));
    this.target.dispatchEvent(new CustomEvent("rows", { bubbles: true }));
  }
}

export function search(): void {
  document.querySelectorAll<HTMLFormElement>("form[data-search]").forEach((form) => new LiveSearch(form));
}
