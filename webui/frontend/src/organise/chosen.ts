// What is done with the exams that were ticked in the list.

import { need, setText } from "../common/dom";
import { t } from "../common/i18n";
import { collect } from "./collect";
import { archive, file } from "./exam_changes";

export function chosenExams(): void {
  const bar = document.querySelector<HTMLFormElement>("#chosen");
  if (!bar) return;
  const rows = need("#rows");
  const boxes = (): HTMLInputElement[] => [...rows.querySelectorAll<HTMLInputElement>("[data-choose]")];
  const chosen = (): string[] => boxes().filter((box) => box.checked).map((box) => box.dataset["choose"]!);

  const show = (): void => {
    const count = chosen().length;
    bar.hidden = count === 0;
    const words = need<HTMLElement>("[data-chosen-count]", bar);
    setText(words, t("organise.chosen", { count }));
    const all = rows.querySelector<HTMLInputElement>("[data-choose-all]");
    if (all) [all.checked, all.indeterminate] = [count > 0 && count === boxes().length, count > 0 && count < boxes().length];
  };
  const chooseAll = (isChosen: boolean): void => {
    for (const box of boxes()) box.checked = isChosen;
    show();
  };

  rows.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (box.matches("[data-choose-all]")) chooseAll(box.checked);
    else show();
  });
  rows.addEventListener("rows", show);
  bar.addEventListener("submit", (event) => event.preventDefault());
  bar.addEventListener("click", (event) => {
    const action = (event.target as Element).closest<HTMLElement>("button[data-action]")?.dataset["action"];
    if (action === "none") chooseAll(false);
    else if (action) void archive(chosen(), action === "archive");
  });
  need<HTMLSelectElement>('[data-action="file"]', bar).addEventListener("change", (event) => {
    const select = event.target as HTMLSelectElement;
    if (select.value) void file(chosen(), select.value === "none" ? null : select.value, select.selectedOptions[0]!.text);
  });
  need<HTMLSelectElement>('[data-action="collect"]', bar).addEventListener("change", (event) => {
    void collect(event.target as HTMLSelectElement, { exam_ids: chosen() });
  });
  // The browser brings ticks back after a reload.
  show();
}
