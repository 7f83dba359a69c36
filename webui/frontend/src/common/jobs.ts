// Files that take long to make: asked for, followed, saved once they are there; they are found again under Files.

import { ApiFault, get, post } from "./api";
import { t } from "./i18n";
import { toast } from "./toast";
import type { JobDocument } from "../generated/api";

const ASK_AGAIN_MS = 700;

interface JobAnswer {
  job: JobDocument;
}

export function isOver(job: JobDocument): boolean {
  return job.state !== "waiting" && job.state !== "running";
}

/** How far a job is, in words. */
export function stateWords(job: JobDocument): string {
  if (job.state === "failed") return [job.message, job.remedy].filter(Boolean).join(". ");
  if (job.state === "running" && job.total > 1) return t("jobs.running_of", { done: job.done + 1, total: job.total });
  return [t(`jobs.${job.state}`), job.message].filter(Boolean).join(". ");
}

/** What a job makes: a report, a copy of the box, or an export in a format. */
export function kindWords(job: JobDocument): string {
  if (job.kind === "report") return t("jobs.report");
  if (job.kind === "backup" || job.kind === "keys") return t(`backups.kinds.${job.kind}`);
  return t(`exports.${job.kind as "fhir" | "dicom" | "csv" | "zip" | "coco"}`);
}

/** "3.1 MB" */
export function sizeWords(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`;
}

/** Offers the file of a job that is done to the browser. */
export function saveFile(job: JobDocument): void {
  const link = Object.assign(document.createElement("a"), { href: `/api/v1/jobs/${job.job_id}/file`, download: job.file_name ?? "" });
  link.click();
}

/**
 * Asks for a file and saves it once it is made. Leaving the page stops nothing.
 *
 * @param path "jobs/report" or "jobs/export".
 * @param onChange told of every step, for words and a button that cancels.
 */
export async function makeFile(path: string, body: object, onChange: (job: JobDocument) => void = () => {}): Promise<JobDocument> {
  let { job } = await post<JobAnswer>(path, body);
  onChange(job);
  while (!isOver(job)) {
    await new Promise((resolve) => window.setTimeout(resolve, ASK_AGAIN_MS));
    ({ job } = await get<JobAnswer>(`jobs/${job.job_id}`));
    onChange(job);
  }
  if (job.state === "failed") throw new ApiFault(job.message, job.remedy, 200);
  if (job.state === "done") saveFile(job);
  if (job.message) toast(job.message, "problem");
  return job;
}

export async function cancelJob(job: JobDocument): Promise<void> {
  await post(`jobs/${job.job_id}/cancel`);
}
