// What is said before an exam begins: the patient, the protocol, what the report's form asks for.

import { namedFields, statedFacts } from "../common/facts_form";
import { need } from "../common/dom";
import type { Chosen } from "./patient_choice";
import { PatientPicker } from "./patient_picker";
import type { ExamDocument } from "./protocol";

/** The body of exam/start: beside these, each field of the form under its own name, such as `protocol`. */
export interface ExamStart {
  [name: string]: unknown;
  pseudonym: string;
  is_new: boolean;
  is_another: boolean;
  facts: Record<string, string | number>;
}

export class StartPanel {
  private readonly form = need<HTMLFormElement>("#exam-start");
  private readonly button = need<HTMLButtonElement>("#start-exam");
  private readonly picker = new PatientPicker((chosen) => this.enable(chosen));

  constructor(onStart: (start: ExamStart) => Promise<boolean>) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const start = this.start();
      if (!start) return this.focus();
      void onStart(start).then((isStarted) => isStarted && this.reset());
    });
  }

  focus(): void {
    this.picker.focus();
  }

  /** Between exams the clinic's own protocol is offered; what the operator has chosen since stays. */
  offer(exam: ExamDocument): void {
    const last = this.form.querySelector<HTMLInputElement>(`[name=protocol][value="${CSS.escape(exam.protocol)}"]`);
    if (last && this.form.dataset["offered"] !== exam.protocol) last.checked = true;
    this.form.dataset["offered"] = exam.protocol;
  }

  private start(): ExamStart | null {
    const { chosen } = this.picker;
    if (!chosen) return null;
    const facts = statedFacts(need("#start-facts", this.form));
    const isAnother = chosen.kind === "new" && chosen.isAnother === true;
    const named = namedFields(this.form);
    return { ...named, pseudonym: pseudonymOf(chosen), is_new: chosen.kind === "new", is_another: isAnother, facts };
  }

  private reset(): void {
    this.form.reset();
    delete this.form.dataset["offered"];
    need<HTMLDetailsElement>("#start-facts").open = false;
    this.picker.clear();
    this.button.blur();
  }

  private enable(chosen: Chosen | null): void {
    this.button.disabled = chosen === null;
    if (chosen) this.button.focus();
  }
}

function pseudonymOf(chosen: Chosen): string {
  return chosen.kind === "new" ? chosen.pseudonym : chosen.patient.pseudonym;
}
