// New patients, and who they are.

import { get, post } from "../common/api";
import { need } from "../common/dom";
import { t } from "../common/i18n";
import { askWhoIsMeant, lookAlikes } from "../common/look_alikes";
import { toastFault } from "../common/toast";
import { change } from "./undoable";

interface Patient {
  patient_id: string;
  identity: Identity | null;
}

interface Identity {
  name: string;
  birth_date: string | null;
  sex: string | null;
  clinic_number: string;
  note: string;
}

export function patients(): void {
  const adding = document.querySelector<HTMLFormElement>("[data-add-patient]");
  adding?.addEventListener("submit", (event) => {
    event.preventDefault();
    void addAsked(adding);
  });
  adding?.querySelector("[name=pseudonym]")?.addEventListener("input", () => (need("[data-who-is-meant]", adding).hidden = true));
  const editing = document.querySelector<HTMLFormElement>("[data-identity]");
  editing?.addEventListener("submit", (event) => {
    event.preventDefault();
    void setIdentity(editing.dataset["identity"]!, identityOf(editing), t("organise.done.saved"));
  });
  editing?.querySelector("[data-forget]")?.addEventListener("click", () => {
    const nobody = { name: "", birth_date: null, sex: null, clinic_number: "", note: "" };
    void setIdentity(editing.dataset["identity"]!, nobody, t("organise.done.forgotten"));
  });
  document.querySelectorAll<HTMLElement>("[data-start-exam]").forEach((button) =>
    button.addEventListener("click", () => void startExam(button.dataset["startExam"]!)),
  );
}

function identityOf(form: HTMLFormElement): Identity {
  const fields = new FormData(form);
  const text = (name: string): string => String(fields.get(name) ?? "");
  return {
    name: text("name"),
    birth_date: text("birth_date") || null,
    sex: text("sex") || null,
    clinic_number: text("clinic_number"),
    note: text("note"),
  };
}

/** Asks first where the patient looks like one who is here. */
async function addAsked(form: HTMLFormElement): Promise<void> {
  const pseudonym = String(new FormData(form).get("pseudonym"));
  try {
    const { patients: alike } = await lookAlikes(pseudonym);
    if (!alike.length) return await add(form, pseudonym, false);
    askWhoIsMeant(need("[data-who-is-meant]", form), alike, pseudonym, (patient) => {
      if (patient) window.location.assign(`/patients/${patient.patient_id}`);
      else void add(form, pseudonym, true);
    });
  } catch (fault) {
    toastFault(fault);
  }
}

function add(form: HTMLFormElement, pseudonym: string, isAnother: boolean): Promise<void> {
  const body = { pseudonym, identity: form.querySelector("[name=name]") ? identityOf(form) : null, is_another: isAnother };
  return change<{ patient: Patient }>(
    { method: "POST", path: "patients", body },
    () => ({ message: t("organise.done.made", { name: pseudonym }), undo: [] }),
    ({ patient }) => `/patients/${patient.patient_id}`,
  );
}

async function setIdentity(patientId: string, identity: Identity, message: string): Promise<void> {
  const path = `patients/${patientId}/identity`;
  try {
    // Only the page that undoes it needs the old identity: it is asked for when the undo is offered and lives in this tab.
    const { patient } = await get<{ patient: Patient }>(`patients/${patientId}`);
    const before = patient.identity ?? {};
    await change({ method: "PUT", path, body: identity }, () => ({ message, undo: [{ method: "PUT", path, body: before }] }));
  } catch (fault) {
    toastFault(fault);
  }
}

async function startExam(pseudonym: string): Promise<void> {
  try {
    await post("exam/start", { pseudonym });
    window.location.assign("/");
  } catch (fault) {
    toastFault(fault);
  }
}
