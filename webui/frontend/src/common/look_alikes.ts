// A new patient whose pseudonym looks like one that is here: nobody becomes a second patient, or another's, unasked.

import type { LookAlikesAnswer, PatientEntryDocument } from "../generated/api";
import { post } from "./api";
import { t } from "./i18n";
import { linesOf } from "./patient_words";

/** Whose pseudonym looks like this one; throws ApiFault for one that cannot be used. */
export async function lookAlikes(pseudonym: string): Promise<readonly PatientEntryDocument[]> {
  return (await post<LookAlikesAnswer>("patients/look-alikes", { pseudonym })).patients;
}

/** Asks in `place`; `onAnswer` gets the patient that is meant, or null for another one. */
export function askWhoIsMeant(
  place: HTMLElement,
  alike: readonly PatientEntryDocument[],
  pseudonym: string,
  onAnswer: (patient: PatientEntryDocument | null) => void,
): void {
  const known = alike.map((patient) => {
    const words = [t("start.looks_like", { pseudonym: patient.pseudonym }), ...linesOf(patient).slice(1)];
    const said = Object.assign(document.createElement("p"), { textContent: words.filter(Boolean).join(" ") });
    return [said, answer(t("start.is_this", { pseudonym: patient.pseudonym }), () => onAnswer(patient))];
  });
  place.replaceChildren(...known.flat(), answer(t("start.is_another", { pseudonym }), () => onAnswer(null)));
  place.hidden = false;
  place.querySelector("button")?.focus();
}

function answer(words: string, take: () => void): HTMLButtonElement {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: words });
  button.addEventListener("click", take);
  return button;
}
