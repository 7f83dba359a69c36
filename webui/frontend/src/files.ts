// The files that were asked for: how far each is, and each that is made.

import { get, post, send } from "./common/api";
import { icon, need, setText } from "./common/dom";
import { language, t } from "./common/i18n";
import { isOver, kindWords, saveFile, sizeWords, stateWords } from "./common/jobs";
import { toastFault } from "./common/toast";
import type { JobDocument, JobsAnswer } from "./generated/api";

const ASK_AGAIN_MS = 900;

const list = need("#jobs");
let drawn = "";

async function load(): Promise<void> {
  const { jobs } = await get<JobsAnswer>("jobs");
  show(jobs);
  if (jobs.some((job) => !isOver(job))) window.setTimeout(() => void load().catch(toastFault), ASK_AGAIN_MS);
}

function show(jobs: JobDocument[]): void {
  const text = JSON.stringify(jobs);
  if (text === drawn) return;
  drawn = text;
  need("#no-jobs").hidden = jobs.length > 0;
  list.replaceChildren(...jobs.map(row));
}

function row(job: JobDocument): HTMLElement {
  const item = document.createElement("li");
  item.className = "job";
  item.dataset["state"] = job.state;
  const what = document.createElement("div");
  const asked = new Date(job.asked_at_utc).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
  what.append(
    Object.assign(document.createElement("strong"), { textContent: [kindWords(job), job.subject].filter(Boolean).join(": ") }),
    Object.assign(document.createElement("span"), { textContent: [asked, job.size ? sizeWords(job.size) : ""].filter(Boolean).join(", ") }),
    Object.assign(document.createElement("span"), { className: "job-state", textContent: stateWords(job) }),
  );
  item.append(what);
  if (job.state === "running" || job.state === "waiting") item.append(bar(job));
  item.append(actions(job));
  return item;
}

function bar(job: JobDocument): HTMLElement {
  const progress = document.createElement("progress");
  if (job.state === "running" && job.total > 1) Object.assign(progress, { max: job.total, value: job.done });
  progress.setAttribute("aria-label", stateWords(job));
  return progress;
}

function actions(job: JobDocument): HTMLElement {
  const made = document.createElement("div");
  made.className = "job-actions";
  if (job.state === "done") made.append(button("download", t("jobs.save"), "primary", () => saveFile(job)));
  if (isOver(job)) made.append(button("discard", t("jobs.clear"), "", () => void send<JobsAnswer>("DELETE", `jobs/${job.job_id}`, undefined).then(({ jobs }) => show(jobs), toastFault)));
  else made.append(button("close", t("jobs.cancel"), "", () => void post(`jobs/${job.job_id}/cancel`).then(load, toastFault)));
  return made;
}

function button(name: string, words: string, kind: string, act: () => void): HTMLElement {
  const made = Object.assign(document.createElement("button"), { type: "button", className: `button ${kind}` });
  const label = document.createElement("span");
  setText(label, words);
  made.append(icon(name), label);
  made.addEventListener("click", act);
  return made;
}

await load().catch(toastFault);
