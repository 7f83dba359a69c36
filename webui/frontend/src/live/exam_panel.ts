// The exam beside the picture: who, where, capture, take back, finish.

import { ApiFault, post } from "../common/api";
import { icon, need, setAttribute, setText } from "../common/dom";
import { figure, t, tWord } from "../common/i18n";
import { toast, toastFault } from "../common/toast";
import { type Choice, ExamState } from "./exam_state";
import { neighbourFinger } from "./placement";
import type { CapturedImage, ExamDocument, Placement } from "./protocol";
import { RequestQueue } from "./request_queue";

interface Answer {
  exam: ExamDocument;
  captured?: CapturedImage;
  finished_exam_id?: string;
}

const THUMBNAIL_PX = 240;
const DOTS_SHOWN = 4;
const DISCARD_DELAY_MS = 5000;

export class ExamPanel {
  private readonly root = need("#exam");
  private readonly captures = need("#captures");
  private readonly queue = new RequestQueue();
  private readonly state = new ExamState();
  private drawn = "";
  private discarding = 0;

  constructor(private readonly onCaptured: () => void) {
    need<HTMLFormElement>("#exam-start").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.start();
    });
    need("#hands").addEventListener("click", (event) => this.clicked(event, "[data-finger]"));
    need("#sectors").addEventListener("click", (event) => this.clicked(event, "[data-sector]"));
  }

  /** The exam as the station pushed it; drawn once this page's own requests are answered, and never over a newer one. */
  show(exam: ExamDocument): void {
    this.state.pushed(exam);
    if (this.queue.isIdle) this.settle();
  }

  private get exam(): ExamDocument | null {
    return this.state.station;
  }

  get isOpen(): boolean {
    return this.exam?.exam_id != null;
  }

  async start(): Promise<void> {
    const input = need<HTMLInputElement>("#pseudonym");
    const answer = await this.ask("exam/start", { pseudonym: input.value });
    if (!answer) return;
    input.value = "";
    input.blur();
  }

  async capture(): Promise<void> {
    const answer = await this.ask("exam/capture", {}, () => {
      if (!this.isOpen) need<HTMLInputElement>("#pseudonym").focus();
      return this.isOpen;
    });
    if (!answer?.captured) return;
    this.onCaptured();
    toast(t("exam.captured", words(answer.captured)), "done", { label: t("toast.undo"), run: () => void this.undo() });
  }

  async undo(): Promise<void> {
    if (await this.ask("exam/undo", {}, () => this.exam?.can_undo === true)) {
      toast(t("exam.undone"), "done", { label: t("exam.redo"), run: () => void this.redo() });
    }
  }

  async redo(): Promise<void> {
    if (await this.ask("exam/redo", {}, () => this.exam?.can_redo === true)) toast(t("exam.redone"));
  }

  async finish(): Promise<void> {
    const answer = await this.ask("exam/finish", {}, () => this.isOpen);
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

  selectSector(sector: string): void {
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
    const { hand, finger, sector } = button.dataset;
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
        this.state.answered(answer.exam);
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
    setAttribute(this.root, "data-exam", isOpen ? "open" : "none");
    document.body.toggleAttribute("data-exam-open", isOpen);
    this.captures.hidden = !isOpen;
    setText(need("#exam-pseudonym"), exam.patient_pseudonym ?? "");
    const count = exam.images.length;
    setText(need("#exam-count"), count === 1 ? t("exam.one_image") : t("exam.images", { count }));
    setText(need("#capture-target"), placementWords(exam.selected));
    this.enable("undo", exam.can_undo);
    this.enable("redo", exam.can_redo);
    this.enable("finish", exam.can_finish);
    this.drawChoices(exam);
    this.drawCaptures(exam);
  }

  private enable(command: string, isPossible: boolean): void {
    need<HTMLButtonElement>(`[data-command="${command}"]`, this.root).disabled = !isPossible;
  }

  private drawChoices(exam: ExamDocument): void {
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-finger]")) {
      const { hand, finger } = button.dataset;
      const isChosen = hand === exam.selected.hand && finger === exam.selected.finger;
      check(button, isChosen);
      const taken = exam.images.filter((image) => image.hand === hand && image.finger === finger).length;
      setText(need("[data-dots]", button), taken > DOTS_SHOWN ? String(taken) : "•".repeat(taken));
    }
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-sector]")) {
      check(button, button.dataset["sector"] === exam.selected.sector);
      const isTaken = exam.images.some((image) => samePlace(image, { ...exam.selected, sector: button.dataset["sector"]! }));
      button.toggleAttribute("data-taken", isTaken);
    }
  }

  private drawCaptures(exam: ExamDocument): void {
    if (exam.images.length === 0) {
      const hint = Object.assign(document.createElement("li"), { className: "no-captures", textContent: t("exam.no_captures") });
      this.captures.replaceChildren(hint);
      return;
    }
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
    Object.assign(document.createElement("span"), { textContent: image.is_evaluable ? `${figure(image.density_per_mm, 1)} /mm` : t("exam_page.not_evaluable") }),
  );
  item.append(picture, words);
  return item;
}

function check(button: HTMLElement, isChosen: boolean): void {
  setAttribute(button, "aria-checked", String(isChosen));
  button.tabIndex = isChosen ? 0 : -1;
}

function samePlace(a: Placement, b: Placement): boolean {
  return a.hand === b.hand && a.finger === b.finger && a.sector === b.sector;
}

function words(placement: Placement): { hand: string; finger: string; sector: string } {
  return { hand: tWord("hand", placement.hand), finger: tWord("finger", placement.finger).toLowerCase(), sector: tWord("sector", placement.sector) };
}

function placementWords(placement: Placement): string {
  const { hand, finger, sector } = words(placement);
  return `${hand}, ${finger}, ${sector}`;
}
