// The exam beside the picture: who, where, capture, take back, finish.

import { ApiFault, post } from "../common/api";
import { icon, need, setAttribute, setText } from "../common/dom";
import { markCurrent, showHandMap } from "../common/hand_map";
import { figureBeside } from "../common/honest_digits";
import { inLine, t, tWord } from "../common/i18n";
import { toast, toastFault } from "../common/toast";
import { type Choice, ExamState } from "./exam_state";
import { FinishCheck, lacking, progress } from "./finish_check";
import { kindTag } from "./guided";
import { neighbourFinger, neighbourPlacement, samePlace } from "./placement";
import type { CapturedImage, ExamDocument, Placement } from "./protocol";
import { RequestQueue } from "./request_queue";
import { SkipDialog } from "./skip_dialog";
import { StartPanel } from "./start_panel";

interface Answer {
  exam?: ExamDocument;
  captured?: CapturedImage;
  finished_exam_id?: string;
}

const THUMBNAIL_PX = 240;
const DISCARD_DELAY_MS = 5000;

export class ExamPanel {
  private readonly root = need("#exam");
  private readonly captures = need("#captures");
  private readonly queue = new RequestQueue();
  private readonly state = new ExamState();
  private drawn = "";
  private discarding = 0;
  private known: ReadonlySet<string> | null = null;
  private readonly own = new Set<string>();
  private readonly startPanel = new StartPanel(async (start) => (await this.ask("exam/start", start)) !== null);
  private readonly finishCheck = new FinishCheck(
    () => void this.close(true),
    (place) => this.select(() => place),
  );
  private readonly skipDialog = new SkipDialog((reason, isWholeFinger) => void this.skip(reason, isWholeFinger));

  /**
   * @param onDrawn told of the exam as the operator's choices make it, before the station has answered.
   */
  constructor(
    private readonly onCaptured: () => void,
    private readonly onDrawn: (exam: ExamDocument) => void,
  ) {
    need("#hands").addEventListener("click", (event) => this.clicked(event, "[data-finger]"));
    need("#sectors").addEventListener("click", (event) => this.clicked(event, "[data-sector]"));
  }

  /** The exam as the station pushed it; drawn once this page's own requests are answered, and never over a newer one. */
  show(exam: ExamDocument): void {
    this.state.pushed(exam);
    if (this.queue.isIdle) this.settle();
  }

  /** The exam as the station last said. */
  get document(): ExamDocument | null {
    return this.exam;
  }

  private get exam(): ExamDocument | null {
    return this.state.station;
  }

  get isOpen(): boolean {
    return this.exam?.exam_id != null;
  }

  /**
   * Keeps the best picture of the last moment, or the one that stands frozen.
   *
   * @param how `seq`: number of the frozen picture; `replaces`: the placement's earlier stills make way.
   */
  async capture(how: { seq?: number; replaces?: boolean } = {}): Promise<boolean> {
    let hadStills = false;
    const answer = await this.ask("exam/capture", how, () => {
      hadStills = this.exam !== null && stillsAt(this.exam, this.exam.selected).length > 0;
      if (!this.isOpen) this.startPanel.focus();
      return this.isOpen;
    });
    if (!answer?.captured) return false;
    this.own.add(answer.captured.image_id);
    this.tellOf(answer.captured, how.replaces && hadStills ? "exam.replaced" : "exam.captured");
    return true;
  }

  /** Asks why the selected placement gets no picture; of one that was skipped, takes that back. */
  toggleSkip(): void {
    const { exam } = this;
    if (!exam || !this.isOpen) return;
    if (exam.skipped.some((skipped) => samePlace(skipped, exam.selected))) void this.ask("exam/unskip", {}, () => this.isOpen);
    else this.skipDialog.open(placementWords(exam.selected));
  }

  /** Freezing and what else concerns the exam without changing it goes the same way, in its turn. */
  async tell(path: string, body: object = {}): Promise<boolean> {
    return (await this.ask(path, body)) !== null;
  }

  private async skip(reason: string, isWholeFinger: boolean): Promise<void> {
    const answer = await this.ask("exam/skip", { reason, whole_finger: isWholeFinger }, () => this.isOpen);
    if (answer) toast(t("exam.skipped", { reason }), "done", { label: t("toast.undo"), run: () => void this.undo() });
  }

  private tellOf(image: CapturedImage, key: "exam.captured" | "exam.replaced"): void {
    this.onCaptured();
    toast(t(key, words(image)), "done", { label: t("toast.undo"), run: () => void this.undo() });
  }

  async undo(): Promise<void> {
    if (await this.ask("exam/undo", {}, () => this.exam?.can_undo === true)) {
      toast(t("exam.undone"), "done", { label: t("exam.redo"), run: () => void this.redo() });
    }
  }

  async redo(): Promise<void> {
    if (await this.ask("exam/redo", {}, () => this.exam?.can_redo === true)) toast(t("exam.redone"));
  }

  /** Finishes an exam that is whole; else what is missing is said first. */
  async finish(): Promise<void> {
    // What was captured a moment ago has to be counted.
    await this.queue.add(async () => undefined);
    if (this.exam && this.isOpen && this.finishCheck.isWhole(this.exam)) await this.close(false);
  }

  private async close(acceptsMissing: boolean): Promise<void> {
    const answer = await this.ask("exam/finish", { accepts_missing: acceptsMissing }, () => this.isOpen);
    if (!answer?.finished_exam_id) return;
    const page = `/exams/${answer.finished_exam_id}`;
    toast(t("exam.finished"), "done", { label: t("exam.open_exam"), run: () => window.location.assign(page) });
  }

  /** Discards the open exam after a while in which it can be kept; closing the page keeps it too. */
  discard(): void {
    if (!this.isOpen || this.discarding) return;
    const keep = () => {
      window.clearTimeout(this.discarding);
      this.discarding = 0;
    };
    this.discarding = window.setTimeout(() => {
      this.discarding = 0;
      void this.ask("exam/discard").then((answer) => answer && toast(t("exam.discarded")));
    }, DISCARD_DELAY_MS);
    toast(t("exam.discarding"), "done", { label: t("toast.undo"), run: keep });
  }

  /** Choose the finger to the left or right of the selected one. */
  step(step: -1 | 1): void {
    if (this.isOpen) this.select((selected) => neighbourFinger(selected, step));
  }

  /** Choose the placement before or behind the selected one in the protocol. */
  stepPlace(step: -1 | 1): void {
    const { exam } = this;
    if (exam && this.isOpen) this.select((selected) => neighbourPlacement(selected, exam.placements, step));
  }

  selectSector(sector: Placement["sector"]): void {
    if (this.isOpen) this.select((selected) => ({ ...selected, sector }));
  }

  /** Shown at once; asked of the station once it has answered what was asked before. */
  private select(choice: Choice): void {
    if (!this.exam) return;
    const forget = this.state.expect(choice);
    this.draw(this.state.expected!);
    void this.ask("exam/select", () => choice(this.exam!.selected), () => true, forget);
  }

  private clicked(event: Event, selector: string): void {
    const button = (event.target as Element).closest<HTMLElement>(selector);
    if (!button) return;
    const { hand, finger, sector } = button.dataset as Partial<Placement>;
    this.select((selected) => ({ hand: hand ?? selected.hand, finger: finger ?? selected.finger, sector: sector ?? selected.sector }));
  }

  /**
   * One request after the other: each is sent once everything before it was answered, with what then is the case. After a
   * fault those that already waited behind it are dropped, for they were meant for a state that never came.
   */
  private async ask(
    path: string,
    body: object | (() => object) = {},
    isStillMeant: () => boolean = () => true,
    onSettled: () => void = () => {},
  ): Promise<Answer | null> {
    try {
      return await this.queue.add(async () => {
        if (!isStillMeant()) return null;
        const answer = await post<Answer>(path, typeof body === "function" ? body() : body);
        if (answer.exam) this.state.answered(answer.exam);
        return answer;
      });
    } catch (fault) {
      if (!(fault instanceof ApiFault)) throw fault;
      toastFault(fault);
      return null;
    } finally {
      onSettled();
      this.settle();
    }
  }

  private settle(): void {
    if (this.queue.isIdle) this.state.idle();
    if (this.state.expected) this.draw(this.state.expected);
  }

  private draw(exam: ExamDocument): void {
    const text = JSON.stringify(exam);
    if (text === this.drawn) return;
    this.drawn = text;
    const isOpen = exam.exam_id !== null;
    this.onDrawn(exam);
    setAttribute(this.root, "data-exam", isOpen ? "open" : "none");
    document.body.toggleAttribute("data-exam-open", isOpen);
    this.captures.hidden = !isOpen;
    setText(need("#exam-pseudonym"), exam.patient_pseudonym ?? "");
    setText(need("#exam-count"), countWords(exam));
    this.startPanel.offer(exam);
    setText(need("#capture-target"), placementWords(exam.selected));
    this.enable("undo", exam.can_undo);
    this.enable("redo", exam.can_redo);
    this.enable("finish", exam.can_finish);
    need('[data-command="finish"]', this.root).toggleAttribute("data-complete", isComplete(exam));
    this.enable("retake", stillsAt(exam, exam.selected).length > 0);
    const isSkipped = exam.skipped.some((skipped) => samePlace(skipped, exam.selected));
    setAttribute(need('[data-command="not_evaluable"]', this.root), "aria-pressed", String(isSkipped));
    this.drawChoices(exam);
    this.drawCaptures(exam);
  }

  private enable(command: string, isPossible: boolean): void {
    need<HTMLButtonElement>(`[data-command="${command}"]`, this.root).disabled = !isPossible;
  }

  private drawChoices(exam: ExamDocument): void {
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-finger][data-hand]:not([data-cell])")) {
      const { hand, finger } = button.dataset;
      check(button, hand === exam.selected.hand && finger === exam.selected.finger);
      const taken = exam.images.filter((image) => image.hand === hand && image.finger === finger).length;
      setAttribute(button, "aria-label", `${tWord("hand", hand!)}, ${tWord("finger", finger!)}: ${t("exam.images", { count: taken })}`);
      const elsewhere = exam.images.filter((image) => image.hand === hand && image.finger === finger && image.sector.length > 1).length;
      setText(need("[data-elsewhere]", button), elsewhere > 0 ? `+${elsewhere}` : "");
    }
    if (exam.hand_map) showHandMap(this.root, exam.hand_map);
    markCurrent(need("#hands"), exam.selected);
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-sector]")) {
      const place = { ...exam.selected, sector: button.dataset["sector"] as Placement["sector"] };
      check(button, place.sector === exam.selected.sector);
      const count = exam.images.filter((image) => samePlace(image, place)).length;
      button.toggleAttribute("data-taken", count > 0);
      button.toggleAttribute("data-skipped", exam.skipped.some((skipped) => samePlace(skipped, place)));
      button.toggleAttribute("data-asked", exam.protocol !== "free" && exam.placements.some((other) => samePlace(other, place)));
      setText(need("[data-times]", button), count > 1 ? String(count) : "");
    }
  }

  private drawCaptures(exam: ExamDocument): void {
    if (exam.images.length === 0) {
      this.known = new Set();
      const hint = Object.assign(document.createElement("li"), { className: "no-captures", textContent: t("exam.no_captures") });
      this.captures.replaceChildren(hint);
      return;
    }
    this.tellOfOthers(exam);
    const present = new Map([...this.captures.querySelectorAll<HTMLElement>("[data-image]")].map((item) => [item.dataset["image"], item]));
    const items = exam.images.map((image, index) => {
      const item = present.get(image.image_id) ?? thumbnail(exam.exam_id!, image);
      item.querySelector(".take-back")?.remove();
      if (index === exam.images.length - 1) item.append(this.takeBack());
      return item;
    });
    this.captures.replaceChildren(...items);
    this.captures.scrollLeft = this.captures.scrollWidth;
  }

  /** A picture that the station kept by itself, or that a pedal or another page asked for. */
  private tellOfOthers(exam: ExamDocument): void {
    const ids = new Set(exam.images.map((image) => image.image_id));
    const newest = exam.images.at(-1);
    if (this.known && newest && !this.known.has(newest.image_id) && !this.own.has(newest.image_id) && this.queue.isIdle) {
      this.tellOf(newest, "exam.captured");
    }
    this.known = ids;
  }

  private takeBack(): HTMLElement {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "take-back", title: `${t("exam.undo")} (Ctrl+Z)` });
    button.setAttribute("aria-label", t("exam.undo"));
    button.append(icon("undo"));
    button.addEventListener("click", () => void this.undo());
    return button;
  }
}

function thumbnail(examId: string, image: CapturedImage): HTMLElement {
  const item = Object.assign(document.createElement("li"), { className: "thumbnail" });
  item.dataset["image"] = image.image_id;
  const picture = document.createElement("img");
  picture.src = `/exams/${examId}/images/${image.image_id}.jpg?width=${THUMBNAIL_PX}`;
  picture.alt = placementWords(image);
  const words = Object.assign(document.createElement("span"), { className: "thumbnail-words" });
  words.append(
    Object.assign(document.createElement("b"), { textContent: placementWords(image) }),
    Object.assign(document.createElement("span"), { textContent: image.is_evaluable ? `${figureBeside(image.density_per_mm, image.density_ci95_per_mm, 1)} /mm` : t("exam_page.not_evaluable") }),
  );
  item.append(picture, words);
  const tag = kindTag(image.kind);
  if (tag) item.append(tag);
  return item;
}

function check(button: HTMLElement, isChosen: boolean): void {
  setAttribute(button, "aria-checked", String(isChosen));
  button.tabIndex = isChosen ? 0 : -1;
}

function stillsAt(exam: ExamDocument, place: Placement): CapturedImage[] {
  return exam.images.filter((image) => image.kind === "still" && samePlace(image, place));
}

function isComplete(exam: ExamDocument): boolean {
  return exam.protocol !== "free" && lacking(exam).length === 0;
}

/** "12 of 32" where a protocol asks for so many, else how many were captured. */
function countWords(exam: ExamDocument): string {
  if (exam.protocol === "free") return t("exam.images", { count: exam.images.length });
  return t("exam.done_of", { ...progress(exam) });
}

function words(placement: Placement): { hand: string; finger: string; sector: string } {
  return { hand: tWord("hand", placement.hand), finger: inLine(tWord("finger", placement.finger)), sector: tWord("sector", placement.sector) };
}

function placementWords(placement: Placement): string {
  const { hand, finger, sector } = words(placement);
  return `${hand}, ${finger}, ${sector}`;
}
