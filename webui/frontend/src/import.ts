// Pictures of other software and archives of other boxes: dropped, looked through, taken in.

import { get, post, send } from "./common/api";
import { need } from "./common/dom";
import { t } from "./common/i18n";
import { askWhoIsMeant, lookAlikes } from "./common/look_alikes";
import { toast, toastFault } from "./common/toast";
import { SizedScales } from "./import/sized_scales";
import { fileRow, type ImportFile, needsPlace } from "./import/file_row";
import { type Dropped, droppedFiles, upload } from "./import/upload";

interface PictureImport {
  import_id: string;
  state: "collecting" | "running" | "done" | "failed";
  files: ImportFile[];
  done: number;
  total: number;
  exam_id: string | null;
  message: string;
  remedy: string;
}

interface TakenIn {
  imported: string[];
  known: string[];
  problems: string[];
  undecided: string[];
  looks_like: Record<string, string>;
}

const ASK_AGAIN_MS = 500;
const drop = need("#drop");
const pictures = need<HTMLFormElement>("#pictures");
const rows = need<HTMLTableSectionElement>("#file-rows");
const startButton = need<HTMLButtonElement>("#import-start");
const outcome = need("#outcome");
const whoIsMeant = need("#import-alike");
const scales = new SizedScales(need("#scale-rows"));
let current: PictureImport | null = null;
let archiveId = "";

const verbs = {
  place(file: ImportFile): void {
    change({ ...file });
    if (file.hand === null || file.finger === null) return;
    const body = { hand: file.hand, finger: file.finger, sector: file.sector ?? "unknown" };
    send<ImportFile>("PUT", `imports/${current!.import_id}/files/${file.item_id}`, body).then(change).catch(toastFault);
  },
  remove(file: ImportFile): void {
    send<PictureImport>("DELETE", `imports/${current!.import_id}/files/${file.item_id}`, {}).then(show).catch(toastFault);
  },
};

async function take(files: Dropped[]): Promise<void> {
  const archives = files.filter((one) => one.name.toLowerCase().endsWith(".zip"));
  if (archives.length > 0 && files.length > 1) {
    toast(t("import.mixed"), "problem");
    return;
  }
  outcome.hidden = true;
  try {
    await (archives[0] ? takeArchive(archives[0]) : takePictures(files));
  } catch (fault) {
    toastFault(fault);
  } finally {
    need("#upload").hidden = true;
  }
}

async function takePictures(files: Dropped[]): Promise<void> {
  if (files.length === 0) return;
  if (current?.state !== "collecting") current = await post<PictureImport>("imports");
  for (const [at, { name, file }] of files.entries()) {
    const path = `imports/${current.import_id}/files?name=${encodeURIComponent(name)}`;
    const item = await upload<ImportFile>(path, file, (share) => progress(name, (at + share) / files.length));
    show({ ...current, files: [...current.files, item] });
  }
  (pictures.querySelector<HTMLElement>('select[aria-invalid="true"]') ?? need("#import-pseudonym")).focus();
}

async function takeArchive({ name, file }: Dropped): Promise<void> {
  const received = await upload<{ upload_id: string }>("archives", file, (share) => progress(name, share));
  archiveId = received.upload_id;
  await takeIn({});
}

async function takeIn(choices: object): Promise<void> {
  const taken = await post<TakenIn>(`archives/${archiveId}/take-in`, choices);
  need("#clash").hidden = taken.undecided.length === 0;
  if (taken.undecided.length > 0) {
    need("#clash-list").replaceChildren(...taken.undecided.map((pseudonym, at) => question(pseudonym, taken.looks_like[pseudonym], at)));
    need<HTMLInputElement>("#clash-list input").focus();
    return;
  }
  const said = t("import.archive_done", { count: taken.imported.length });
  const known = taken.known.length > 0 ? [t("import.archive_known", { count: taken.known.length })] : [];
  tell(said, [...known, ...taken.problems], taken.imported[0] ?? taken.known[0] ?? null);
}

function question(pseudonym: string, alike: string | undefined, at: number): HTMLElement {
  const item = document.createElement("li");
  const title = Object.assign(document.createElement("strong"), { textContent: pseudonym });
  const same = radio(`who-${at}`, "same", t("import.same_patient"));
  const other = radio(`who-${at}`, "other", t("import.other_patient"));
  const name = Object.assign(document.createElement("input"), { type: "text", maxLength: 64 });
  name.setAttribute("aria-label", `${t("import.other_patient")}: ${pseudonym}`);
  name.addEventListener("input", () => (need<HTMLInputElement>("input", other).checked = true));
  item.dataset["pseudonym"] = pseudonym;
  item.append(title);
  if (alike) {
    item.append(Object.assign(document.createElement("p"), { textContent: t("start.looks_like", { pseudonym: alike }) }));
    name.value = pseudonym; // another patient may keep it
  }
  item.append(same, other, name);
  return item;
}

function radio(group: string, value: string, words: string): HTMLLabelElement {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name: group, value, required: true });
  label.append(input, words);
  return label;
}

function decide(): void {
  const same: string[] = [];
  const renamed: Record<string, string> = {};
  for (const item of need("#clash-list").querySelectorAll<HTMLElement>("li")) {
    const pseudonym = item.dataset["pseudonym"]!;
    if (need<HTMLInputElement>('input[value="same"]', item).checked) same.push(pseudonym);
    else renamed[pseudonym] = need<HTMLInputElement>('input[type="text"]', item).value.trim();
  }
  const publish = need<HTMLInputElement>("#publish").checked;
  takeIn({ same_patients: same, renamed, publish }).catch(toastFault);
}

/** Asks first where the patient would be new and looks like one who is here. */
async function start(): Promise<void> {
  const field = need<HTMLInputElement>("#import-pseudonym");
  const { patients: alike } = await lookAlikes(field.value);
  if (!alike.length) return measure(false);
  askWhoIsMeant(whoIsMeant, alike, field.value, (patient) => {
    whoIsMeant.hidden = true;
    if (patient) field.value = patient.pseudonym;
    measure(patient === null).catch(toastFault);
  });
}

async function measure(isAnother: boolean): Promise<void> {
  const taken = need<HTMLInputElement>("#import-taken").value;
  const body = {
    pseudonym: need<HTMLInputElement>("#import-pseudonym").value,
    is_another: isAnother,
    um_per_px: null,
    scales: scales.stated(),
    taken_at: taken ? new Date(`${taken}T12:00`).toISOString() : null,
  };
  const path = `imports/${current!.import_id}`;
  for (let at = await post<PictureImport>(`${path}/start`, body); ; at = await get<PictureImport>(path)) {
    show(at);
    if (at.state !== "running") break;
    await new Promise((resolve) => window.setTimeout(resolve, ASK_AGAIN_MS));
  }
}

function change(file: ImportFile): void {
  if (!current) return;
  show({ ...current, files: current.files.map((one) => (one.item_id === file.item_id ? file : one)) });
}

function show(at: PictureImport): void {
  current = at;
  pictures.hidden = at.files.length === 0;
  const isFixed = at.state !== "collecting";
  const focused = document.activeElement?.getAttribute("aria-label") ?? "";
  rows.replaceChildren(...at.files.map((file) => fileRow(file, `/api/v1/imports/${at.import_id}/files`, isFixed, verbs)));
  if (focused) rows.querySelector<HTMLElement>(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  scales.show(at.files, isFixed);
  startButton.disabled = isFixed || at.files.some(needsPlace) || at.files.every((file) => file.problem !== "");
  drop.hidden = isFixed;
  const bar = need<HTMLProgressElement>("#import-progress");
  bar.hidden = at.state !== "running";
  bar.max = at.total || 1;
  bar.value = at.done;
  need("#import-state").textContent = at.state === "running" ? t("import.progress", { done: at.done, total: at.total }) : "";
  if (at.state === "done") tell(t("import.done"), [], at.exam_id);
  if (at.state === "failed") tell(t("import.failed"), [`${at.message}. ${at.remedy}`], null);
}

function tell(said: string, details: string[], examId: string | null): void {
  const title = Object.assign(document.createElement("h2"), { textContent: said });
  const lines = details.map((words) => Object.assign(document.createElement("p"), { textContent: words }));
  const actions = Object.assign(document.createElement("div"), { className: "paper-actions" });
  const link = { className: "button primary", href: `/exams/${examId}`, textContent: t("import.open_exam") };
  if (examId) actions.append(Object.assign(document.createElement("a"), link));
  actions.append(Object.assign(document.createElement("a"), { className: "button", href: "/import", textContent: t("import.again") }));
  outcome.replaceChildren(title, ...lines, actions);
  outcome.hidden = false;
  outcome.scrollIntoView({ block: "nearest" });
}

function progress(name: string, share: number): void {
  need("#upload").hidden = false;
  need("#upload-words").textContent = t("import.uploading", { name });
  need<HTMLProgressElement>("#upload-progress").value = share;
}

function chosen(input: HTMLInputElement): Dropped[] {
  const files = [...(input.files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
  input.value = "";
  return files;
}

for (const [button, field] of [["#choose-files", "#files"], ["#choose-folder", "#folder"]] as const) {
  const input = need<HTMLInputElement>(field);
  need(button).addEventListener("click", () => input.click());
  input.addEventListener("change", () => void take(chosen(input)));
}
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer && !drop.hidden) void droppedFiles(event.dataTransfer.items).then(take);
});
need("#import-pseudonym").addEventListener("input", () => (whoIsMeant.hidden = true));
pictures.addEventListener("submit", (event) => {
  event.preventDefault();
  start().catch(toastFault);
});
need("#clash-form").addEventListener("submit", (event) => {
  event.preventDefault();
  decide();
});
need("#clash-cancel").addEventListener("click", () => {
  void send("DELETE", `archives/${archiveId}`, {}).catch(toastFault);
  need("#clash").hidden = true;
});
