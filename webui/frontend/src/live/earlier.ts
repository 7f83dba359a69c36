// The same finger and sector in the patient's previous exam, beside the live picture when it is asked for.

import { get, post } from "../common/api";
import { need, setText } from "../common/dom";
import { date, t } from "../common/i18n";
import { toastFault } from "../common/toast";
import type { PatientsAnswer } from "../generated/api";
import { samePlace } from "./placement";
import type { ExamDocument, Placement } from "./protocol";

type Picture = Placement & { image_id: string; kind: string };

interface Entry {
  exam_id: string;
  started_at_utc: string;
}

interface Earlier extends Entry {
  pictures: Picture[];
}

const MOST_EXAMS = 5;

export class EarlierPicture {
  private readonly card = need("#earlier");
  private isOn = false;
  private known: { pseudonym: string; exams: Promise<Earlier[]> } | null = null;
  private shown = "";

  toggle(exam: ExamDocument | null): void {
    this.isOn = !this.isOn;
    need('[data-command="earlier"]').setAttribute("aria-pressed", String(this.isOn));
    this.show(exam);
  }

  /** Follows the selected finger and sector while it is asked for. */
  show(exam: ExamDocument | null): void {
    const isOpen = exam?.exam_id != null;
    this.card.hidden = !this.isOn || !isOpen;
    if (this.card.hidden || !exam) return;
    const wanted = JSON.stringify([exam.exam_id, exam.selected]);
    if (wanted === this.shown) return;
    this.shown = wanted;
    void this.fill(exam, wanted).catch(toastFault);
  }

  private async fill(exam: ExamDocument, wanted: string): Promise<void> {
    const pseudonym = exam.patient_pseudonym!;
    if (this.known?.pseudonym !== pseudonym) this.known = { pseudonym, exams: earlierExams(pseudonym, exam.exam_id!) };
    const exams = await this.known.exams;
    if (this.shown !== wanted) return;
    const found = pictureAt(exams, exam.selected);
    const picture = need<HTMLImageElement>("img", this.card);
    picture.hidden = found === null;
    if (found) picture.src = `/exams/${found.exam_id}/report/images/${found.image_id}.jpg?drawn=1&width=800`;
    setText(need("[data-words]", this.card), found ? t("earlier.of", { date: date(found.started_at_utc) }) : t("earlier.none"));
  }
}

/** The newest earlier picture of that very finger and sector. */
export function pictureAt(exams: readonly Earlier[], place: Placement): (Entry & { image_id: string }) | null {
  for (const { exam_id, started_at_utc, pictures } of exams) {
    const found = pictures.find((one) => one.kind === "still" && samePlace(one, place));
    if (found) return { exam_id, started_at_utc, image_id: found.image_id };
  }
  return null;
}

async function earlierExams(pseudonym: string, openExam: string): Promise<Earlier[]> {
  const { patients } = await post<PatientsAnswer>("patients/search", { text: pseudonym, page_size: 20 });
  const patient = patients.find((one) => one.pseudonym === pseudonym);
  if (!patient) return [];
  const asked = { patient_id: patient.patient_id, state: "finished", is_archived: null, page_size: MOST_EXAMS };
  const { exams } = await post<{ exams: Entry[] }>("exams/search", asked);
  const others = exams.filter((one) => one.exam_id !== openExam);
  return Promise.all(others.map(async (one) => (await get<{ exam: Earlier }>(`exams/${one.exam_id}`)).exam));
}
