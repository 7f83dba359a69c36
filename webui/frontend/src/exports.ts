// Exports of one exam or of those that are chosen in the list, and sending to the DICOM archive.

import { get, post } from "./common/api";
import { need } from "./common/dom";
import { t } from "./common/i18n";
import { makeFile } from "./common/jobs";
import { toast, toastFault } from "./common/toast";
import { searched } from "./organise/conditions";

interface Sending {
  state: "none" | "waiting" | "sending" | "sent" | "failed";
  stored: number;
  total: number;
  message: string;
  remedy: string;
}

const ASK_AGAIN_MS = 700;

function exportsOfExam(panel: HTMLElement): void {
  const exam = panel.dataset["exam"]!;
  const identity = need<HTMLInputElement>("#with-identity", panel);
  const report = need<HTMLInputElement>("#with-report", panel);
  const buttons = [...panel.querySelectorAll<HTMLButtonElement>("[data-export]")];
  const offer = (): void => {
    for (const button of buttons) {
      const form = button.dataset["export"]!;
      const holdsNames = ["fhir", "dicom"].includes(form);
      button.classList.toggle("unavailable", (identity.checked && !holdsNames) || (report.checked && form !== "fhir"));
    }
  };
  identity.addEventListener("change", offer);
  report.addEventListener("change", offer);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const asked = { format: button.dataset["export"], exam_ids: [exam], with_identity: identity.checked, with_report: report.checked };
      void busy(button, () => exported(asked));
    });
  }
  const send = panel.querySelector<HTMLButtonElement>("#send-to-pacs");
  if (!send) return;
  const path = `exams/${exam}/pacs`;
  const follow = (first: Promise<Sending>): void => void watch(first, path, send).catch(toastFault);
  send.addEventListener("click", () => follow(post<Sending>(path, { with_identity: identity.checked })));
  const echo = need<HTMLButtonElement>("#pacs-echo", panel);
  echo.addEventListener("click", () => {
    void busy(echo, async () => {
      const archive = await post<{ name: string }>("pacs/echo");
      toast(t("exports.echo_done", { name: archive.name }));
    });
  });
  follow(get<Sending>(path));
}

async function watch(first: Promise<Sending>, path: string, send: HTMLButtonElement): Promise<void> {
  for (let at = await first; show(at, send); at = await get<Sending>(path)) {
    await new Promise((resolve) => window.setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** Whether it goes on. */
function show(at: Sending, send: HTMLButtonElement): boolean {
  const isUnderWay = at.state === "waiting" || at.state === "sending";
  const progress = need<HTMLProgressElement>("#pacs-progress");
  progress.hidden = !isUnderWay;
  progress.max = at.total || 1;
  progress.value = at.stored;
  send.disabled = isUnderWay;
  const words = need("#pacs-state");
  words.dataset["state"] = at.state;
  words.textContent = wordsOf(at);
  return isUnderWay;
}

function wordsOf(at: Sending): string {
  if (at.state === "none") return "";
  if (at.state === "failed") return [t("exports.failed", { message: at.message }), at.remedy].join(". ");
  if (at.state === "waiting") return at.message ? `${t("exports.waiting")} (${at.message})` : t("exports.waiting");
  return t(`exports.${at.state}`, { stored: at.stored, total: at.total });
}

/** A menu of formats: what it exports is asked for at the moment of the choice. */
function exportsOf(select: HTMLSelectElement, chosen: () => Record<string, unknown>): void {
  const format = select.value;
  if (format) void busy(select, () => exported({ format, ...chosen() }));
  select.value = "";
}

/** Made in the background: who leaves the page finds the file under Files. */
async function exported(asked: object): Promise<void> {
  const files = { label: t("jobs.title"), run: () => window.location.assign("/files") };
  const job = await makeFile("jobs/export", asked, (at) => {
    if (at.state === "waiting") toast(t("jobs.asked"), "done", files);
  });
  if (job.state === "done") toast(t("jobs.saved", { name: job.file_name ?? "" }), "done", files);
}

function chosenExams(): Record<string, unknown> {
  const boxes = document.querySelectorAll<HTMLInputElement>("[data-choose]:checked");
  return { exam_ids: [...boxes].map((box) => box.dataset["choose"]!) };
}

function exportsOfLists(): void {
  // The list is replaced with every search, and its menu with it.
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLSelectElement)) return;
    const { exportFound, exportFolder, exportCollection } = target.dataset;
    if (target.id === "chosen-export") exportsOf(target, chosenExams);
    else if (exportFound !== undefined) exportsOf(target, () => ({ search: searched() }));
    else if (exportFolder) exportsOf(target, () => ({ search: { folder_id: exportFolder } }));
    else if (exportCollection) exportsOf(target, () => ({ collection_id: exportCollection }));
  });
}

async function busy(control: HTMLButtonElement | HTMLSelectElement, work: () => Promise<void>): Promise<void> {
  control.disabled = true;
  control.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (fault) {
    toastFault(fault);
  } finally {
    control.disabled = false;
    control.removeAttribute("aria-busy");
  }
}

const panel = document.querySelector<HTMLElement>("#exports");
if (panel) exportsOfExam(panel);
exportsOfLists();
