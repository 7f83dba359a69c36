// The report on screen: the same document as the PDF, in a tree of its own so that neither page's styles reach the other.

import { ApiFault, send } from "./common/api";
import { need } from "./common/dom";
import { statedFacts } from "./common/facts_form";
import { t } from "./common/i18n";
import { cancelJob, isOver, makeFile, stateWords } from "./common/jobs";
import { toast, toastFault } from "./common/toast";

const page = need("#report-page");
const sheet = need("#report-sheet");
const language = need<HTMLSelectElement>("#report-language");
const paper = need<HTMLSelectElement>("#report-paper");
const pdf = need<HTMLButtonElement>("#report-pdf");
const progress = need("#report-progress");
const root = sheet.attachShadow({ mode: "open" });

async function load(): Promise<void> {
  sheet.setAttribute("aria-busy", "true");
  const answer = await fetch(`${page.dataset["document"]}?language=${language.value}`);
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const body = document.createElement("div");
  body.className = "report";
  body.lang = language.value;
  body.append(...(answer.ok ? parsed.body.childNodes : [faultOf(parsed)]));
  // Its style sheet knows the report by this class where there is no body.
  root.replaceChildren(...(answer.ok ? parsed.head.querySelectorAll("link, style") : []), body);
  sheet.setAttribute("aria-busy", "false");
}

function faultOf(parsed: Document): HTMLElement {
  const said = document.createElement("p");
  said.textContent = parsed.querySelector("main")?.textContent?.replace(/\s+/g, " ").trim() ?? t("toast.failed");
  return said;
}

async function makePdf(): Promise<void> {
  pdf.disabled = true;
  progress.hidden = false;
  const words = need("[data-words]", progress);
  const stop = need<HTMLButtonElement>("[data-cancel]", progress);
  const began = Date.now();
  const asked = { exam_id: page.dataset["exam"], paper: paper.value, language: language.value };
  try {
    const job = await makeFile("jobs/report", asked, (at) => {
      stop.hidden = isOver(at);
      stop.onclick = () => void cancelJob(at).catch(toastFault);
      words.textContent = at.state === "running" ? t("report.making", { seconds: Math.round((Date.now() - began) / 1000) }) : stateWords(at);
    });
    if (job.state === "done") words.textContent = t("report.made");
  } catch (fault) {
    // It stays: a notice that vanishes would leave nothing to read.
    words.textContent = fault instanceof ApiFault ? [fault.message, fault.remedy].filter(Boolean).join(". ") : "";
    toastFault(fault);
  } finally {
    pdf.disabled = false;
  }
}

need<HTMLFormElement>("#report-facts form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const facts = statedFacts(event.target as HTMLFormElement);
  try {
    await send("PUT", `exams/${page.dataset["exam"]}/report-facts`, { facts });
    toast(t("report.saved_facts"));
    await load();
  } catch (fault) {
    toastFault(fault);
  }
});
language.addEventListener("change", () => void load());
pdf.addEventListener("click", () => void makePdf());
await load();
