// A new patient whose pseudonym looks like one that is here: nobody becomes a second patient, or another's, unasked.

import type { LookAlikesAnswer, PatientEntryDocument } from "../generated/api";
import { post } from "./api";
import { t } from "./i18n";
import { linesOf } from "./patient_words";

/** Who has this very pseudonym, and whose looks like it; throws ApiFault for one that cannot be used. */
export function lookAlikes(pseudonym: string): Promise<LookAlikesAnswer> {
  return post<LookAlikesAnswer>("patients/look-alikes", { pseudonym });
}

/** Asks in `place`; `onAnswer` gets the patient that is meant, or null for another one. */
export function askWhoIsMeant(
  place: HTMLElement,
  alike: readonly PatientEntryDocument[],
  pseudonym: string,
  onAnswer: (patient: PatientEntryDocument | null) => void,
): void {
  const known = alike.map((patient) => {
    const who = linesOf(patient).slice(1).filter(Boolean).join(", ");
    const said = document.createElement("p");
    said.append(...signed("start.looks_like", patient.pseudonym), ` ${who}`);
    return [said, answer(signed("start.is_this", patient.pseudonym), () => onAnswer(patient))];
  });
  place.replaceChildren(...known.flat(), answer(signed("start.is_another", pseudonym), () => onAnswer(null)));
  place.hidden = false;
  place.querySelector("button")?.focus();
}

/** The words with the pseudonym in letters of which no two are alike. */
function signed(words: "start.looks_like" | "start.is_this" | "start.is_another", pseudonym: string): (Node | string)[] {
  const [before = "", after = ""] = t(words, { pseudonym: "\0" }).split("\0");
  return [before, Object.assign(document.createElement("code"), { textContent: pseudonym }), after];
}

function answer(words: (Node | string)[], take: () => void): HTMLButtonElement {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button" });
  const line = document.createElement("span");
  line.append(...words);
  button.append(line);
  button.addEventListener("click", take);
  return button;
}
