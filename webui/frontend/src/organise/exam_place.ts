// Where one exam is filed, on its own page.

import { collect } from "./collect";
import { archive, file } from "./exam_changes";

export function examPlace(): void {
  const folder = document.querySelector<HTMLSelectElement>("[data-file-exam]");
  folder?.addEventListener("change", () => {
    void file([folder.dataset["fileExam"]!], folder.value || null, folder.selectedOptions[0]!.text).finally(() => {
      folder.value = folder.dataset["was"] ?? "";
    });
  });
  const button = document.querySelector<HTMLElement>("[data-archive-exam]");
  button?.addEventListener("click", () => void archive([button.dataset["archiveExam"]!], button.dataset["archived"] !== "true"));
  document.querySelectorAll<HTMLSelectElement>("[data-collect-exam]").forEach((select) =>
    select.addEventListener("change", () => void collect(select, { exam_ids: [select.dataset["collectExam"]!] })),
  );
  document.querySelectorAll<HTMLSelectElement>("[data-collect-image]").forEach((select) =>
    select.addEventListener("change", () => void collect(select, { image_ids: [select.dataset["collectImage"]!] })),
  );
}
