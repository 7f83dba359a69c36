// Where the next picture is taken and how far the exam is, to be read at two metres.

import { need, setText } from "../common/dom";
import { t, tWord } from "../common/i18n";
import { progress } from "./finish_check";
import type { ExamDocument } from "./protocol";

export class NowStrip {
  private readonly root = need("#now");

  show(exam: ExamDocument): void {
    this.root.hidden = exam.exam_id === null;
    if (this.root.hidden) return;
    setText(need("[data-hand]", this.root), tWord("hand", exam.selected.hand));
    setText(need("[data-finger]", this.root), tWord("finger", exam.selected.finger));
    const { sector } = exam.selected;
    setText(need("[data-sector]", this.root), sector === "unknown" ? "?" : sector === "panoramic" ? "A–D" : sector);
    setText(need("[data-done]", this.root), doneWords(exam));
  }
}

/** "3 of 16"; without a protocol the number of pictures. */
export function doneWords(exam: ExamDocument): string {
  if (exam.protocol === "free") return t("now.images", { count: exam.images.length });
  return t("now.done", { ...progress(exam) });
}
