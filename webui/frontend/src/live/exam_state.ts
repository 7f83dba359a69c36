// Which state of the exam is the newest, and what it will be once the operator's choices have arrived.

import type { ExamDocument, Placement } from "./protocol";

export type Choice = (selected: Placement) => Placement;

/** Whether `candidate` is later than `known`; a station that was started anew counts from the beginning. */
export function isNewer(candidate: ExamDocument, known: ExamDocument | null): boolean {
  return known === null || candidate.boot_id !== known.boot_id || candidate.revision > known.revision;
}

export class ExamState {
  private newest: ExamDocument | null = null;
  private waiting: ExamDocument | null = null;
  private choices: Choice[] = [];

  /** The exam as the station last said, as far as it has been taken in. */
  get station(): ExamDocument | null {
    return this.newest;
  }

  /** The same with every choice that the station has not answered yet. */
  get expected(): ExamDocument | null {
    const { newest } = this;
    return newest && { ...newest, selected: this.choices.reduce((selected, choice) => choice(selected), newest.selected) };
  }

  /** Hold on to a pushed state; it may hold the effect of a choice that is still counted as open. */
  pushed(exam: ExamDocument): void {
    if (isNewer(exam, this.waiting)) this.waiting = exam;
  }

  answered(exam: ExamDocument): void {
    if (isNewer(exam, this.newest)) this.newest = exam;
  }

  /** Nothing is under way any more: what was pushed meanwhile counts. */
  idle(): void {
    if (this.waiting) this.answered(this.waiting);
    this.waiting = null;
  }

  /** Count on a choice until the returned function is called. */
  expect(choice: Choice): () => void {
    this.choices = [...this.choices, choice];
    return () => {
      this.choices = this.choices.filter((other) => other !== choice);
    };
  }
}
