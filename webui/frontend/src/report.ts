// The report on screen: the same document as the PDF, in a tree of its own so that neither page's styles reach the other.

import { ApiFault, send } from "./common/api";
import { need } from "./common/dom";
import { statedFacts } from "./common/facts_form";
import { t } from "./common/i18n";
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
  const began = Date.now();
  const tick = () => (progress.textContent = t("report.making", { seconds: Math.round((Date.now() - began) / 1000) }));
  tick();
  const timer = window.setInterval(tick, 1000);
  try {
    const address = `/api/v1/exams/${page.dataset["exam"]}/report.pdf?paper=${paper.value}&language=${language.value}`;
    const answer = await fetch(address);
    if (!answer.ok) {
      const { error } = (await answer.json()) as { error: { message: string; remedy: string } };
      throw new ApiFault(error.message, error.remedy, answer.status);
    }
    save(await answer.blob());
    progress.textContent = t("report.made");
  } catch (fault) {
    progress.hidden = true;
    toastFault(fault);
  } finally {
    window.clearInterval(timer);
    pdf.disabled = false;
  }
}

function save(made: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(made);
  link.download = `report-${page.dataset["exam"]}-${language.value}.pdf`;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
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
