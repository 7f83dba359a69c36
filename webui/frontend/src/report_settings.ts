// What administrators choose for every report: language, paper, texts, fields, and files of their own.

import { ApiFault, send } from "./common/api";
import { need } from "./common/dom";
import { t } from "./common/i18n";
import { toast, toastFault } from "./common/toast";

const problem = need("#file-problem");

need<HTMLFormElement>("#report-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = new FormData(event.target as HTMLFormElement);
  const texts = Object.fromEntries(["title", "institution", "address", "footer", "language", "paper"].map((name) => [name, String(chosen.get(name) ?? "")]));
  const lists = Object.fromEntries(["pages", "figures", "columns"].map((name) => [name, chosen.getAll(name).map(String)]));
  const fields = String(chosen.get("fields")).split(/\s+/).filter(Boolean);
  try {
    await send("PUT", "report/form", { ...texts, ...lists, fields, pattern_advice: chosen.has("pattern_advice") });
    toast(t("report.saved_form"));
  } catch (fault) {
    toastFault(fault);
  }
});

for (const input of document.querySelectorAll<HTMLInputElement>("[data-upload]")) {
  input.addEventListener("change", () => void upload(input));
}
for (const button of document.querySelectorAll<HTMLElement>("[data-remove]")) {
  button.addEventListener("click", () => void run(() => send("DELETE", `report/files/${button.dataset["remove"]}`, {})));
}

async function upload(input: HTMLInputElement): Promise<void> {
  const file = input.files?.[0];
  if (!file) return;
  const ending = file.name.split(".").pop()!.toLowerCase().replace("jpeg", "jpg");
  const name = input.dataset["upload"] === "logo" ? `logo.${ending}` : input.dataset["upload"]!;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  await run(() => send("PUT", `report/files/${name}`, { content_base64: btoa(text) }));
  input.value = "";
}

async function run(change: () => Promise<unknown>): Promise<void> {
  problem.hidden = true;
  try {
    await change();
    location.reload();
  } catch (fault) {
    problem.textContent = fault instanceof ApiFault ? `${fault.message}. ${fault.remedy}` : String(fault);
    problem.hidden = false;
  }
}
