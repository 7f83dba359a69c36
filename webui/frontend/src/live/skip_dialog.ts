// Why a placement gets no picture: chosen with one key, by touch, or in one's own words.

import { need } from "../common/dom";

export class SkipDialog {
  private readonly dialog = need<HTMLDialogElement>("#skip");
  private readonly wholeFinger = need<HTMLInputElement>("#skip-finger");
  private readonly other = need<HTMLInputElement>("#skip-other");

  constructor(private readonly onChosen: (reason: string, isWholeFinger: boolean) => void) {
    this.dialog.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-reason]");
      if (button) this.choose(button.dataset["reason"]!);
      else if (event.target === this.dialog || (event.target as Element).closest("[data-close]")) this.dialog.close();
    });
    this.dialog.addEventListener("keydown", (event) => this.pressed(event));
    need<HTMLFormElement>("form", this.dialog).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.other.value.trim()) this.choose(this.other.value);
    });
  }

  open(where: string): void {
    need("[data-where]", this.dialog).textContent = where;
    this.wholeFinger.checked = false;
    this.other.value = "";
    this.dialog.showModal();
    need<HTMLElement>("[data-reason]", this.dialog).focus();
  }

  private pressed(event: KeyboardEvent): void {
    if (event.target === this.other) return;
    const button = this.dialog.querySelector<HTMLElement>(`[data-reason][data-key="${CSS.escape(event.key)}"]`);
    if (button) this.choose(button.dataset["reason"]!);
    else if (event.key === "0") this.wholeFinger.checked = !this.wholeFinger.checked;
    else return;
    event.preventDefault();
  }

  private choose(reason: string): void {
    this.dialog.close();
    this.onChosen(reason, this.wholeFinger.checked);
  }
}
