// Conclusion, pattern and validation on the exam's page.

import { post } from "../common/api";
import { t } from "../common/i18n";
import { toastFault } from "../common/toast";

interface ExamReview {
  revision: number;
}

/** Wires the section if the page has one; a change shows by loading the page anew, for every figure may follow. */
export function wireExamReview(): void {
  const page = document.querySelector<HTMLElement>("#exam-page");
  const conclusion = document.querySelector<HTMLTextAreaElement>("#conclusion");
  if (!page || !conclusion) return;
  const path = `exams/${page.dataset["exam"]}`;
  const saved = conclusion.value;
  const save = document.querySelector<HTMLButtonElement>("#conclude");
  let revision = Number(page.dataset["revision"]);

  const isChanged = () => conclusion.value.trim() !== saved.trim();
  const send = async (verb: string, body: object) => {
    revision = (await post<ExamReview>(`${path}/${verb}`, { ...body, revision })).revision;
  };
  const conclude = () => send("conclusion", { text: conclusion.value });
  const on = (id: string, act: () => Promise<void>) =>
    document.getElementById(id)?.addEventListener("click", () => {
      act().then(() => window.location.reload(), toastFault);
    });

  conclusion.addEventListener("input", () => {
    if (save) save.disabled = !isChanged();
  });
  wireSuggestions(conclusion);
  const pattern = document.querySelector<HTMLSelectElement>("#pattern");
  pattern?.addEventListener("change", () => {
    // What is typed but not saved would be lost with the page.
    const first = isChanged() ? conclude() : Promise.resolve();
    first.then(() => send("pattern", { pattern: pattern.value || null })).then(() => window.location.reload(), toastFault);
  });
  document.querySelector("#reopen form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = document.querySelector<HTMLInputElement>("#reopen-reason")!.value;
    post(`exams/${page.dataset["exam"]}/reopen`, { reason }).then(() => window.location.assign("/"), toastFault);
  });
  on("conclude", conclude);
  const validate = async (acceptsUnseen: boolean) => {
    // What is typed but not saved is part of what the physician vouches for.
    if (isChanged()) await conclude();
    await send("validate", { accepts_unseen: acceptsUnseen });
  };
  const unseen = document.querySelector<HTMLDialogElement>("#unseen-check");
  unseen?.addEventListener("click", (event) => event.target === unseen && unseen.close());
  document.querySelector<HTMLElement>("#validate")?.addEventListener("click", () => {
    if (document.querySelector<HTMLElement>("#validate")!.dataset["unseen"] === "0") void validate(false).then(() => window.location.reload(), toastFault);
    else unseen!.showModal();
  });
  on("validate-unseen", () => validate(true));
  on("invalidate", () => send("invalidate", { reason: t("exam_review.invalidated_by_hand") }));
}

/** A suggestion comes behind what is written and is selected, to be read and edited; nothing is saved by it. */
function wireSuggestions(conclusion: HTMLTextAreaElement): void {
  document.querySelector("#suggestions")?.addEventListener("click", (event) => {
    const article = (event.target as Element).closest("[data-take-over]")?.closest("article");
    const words = article?.querySelector("[data-suggestion]")?.textContent;
    if (!words) return;
    const before = conclusion.value.trim();
    conclusion.value = before ? `${before}\n\n${words}` : words;
    conclusion.focus();
    conclusion.setSelectionRange(conclusion.value.length - words.length, conclusion.value.length);
    conclusion.dispatchEvent(new Event("input"));
    document.querySelector<HTMLElement>("#suggested")!.hidden = false;
  });
}
