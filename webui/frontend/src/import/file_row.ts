// One file of an import: what was guessed of it, corrected by the operator.

import { icon } from "../common/dom";
import { figureBeside, scaleDecimals } from "../common/honest_digits";
import { date, figure, t, type TextKey } from "../common/i18n";

export interface ImportFile {
  item_id: string;
  name: string;
  hand: string | null;
  finger: string | null;
  sector: string | null;
  width_px: number;
  height_px: number;
  um_per_px: number | null;
  scale_source: "dicom" | "still" | "tags" | null;
  taken_at: string | null;
  camera_name: string;
  has_thumbnail: boolean;
  problem: string;
  note: string;
  result: { is_evaluable: boolean; capillaries: number; density_per_mm: number | null; density_ci95_per_mm: number | null } | null;
}

export interface RowVerbs {
  place(file: ImportFile): void;
  remove(file: ImportFile): void;
}

const CHOICES = {
  hand: ["left", "right"],
  finger: ["thumb", "index", "middle", "ring", "little"],
  sector: ["A", "B", "C", "D", "unknown", "panoramic"],
} as const;

/** A row of the table; `isFixed` once the pictures are being measured. */
export function fileRow(file: ImportFile, filesAt: string, isFixed: boolean, verbs: RowVerbs): HTMLTableRowElement {
  const row = document.createElement("tr");
  row.dataset["item"] = file.item_id;
  row.dataset["state"] = stateOf(file);
  const name = document.createElement("th");
  name.scope = "row";
  const both = Object.assign(document.createElement("div"), { className: "import-file" });
  both.append(picture(file, filesAt), nameAndFacts(file));
  name.append(both);
  row.append(name);
  for (const group of ["hand", "finger", "sector"] as const) {
    const cell = row.insertCell();
    if (!file.problem) cell.dataset["label"] = t(`import.${group}`);
    if (!file.problem) cell.append(choice(group, file, isFixed, verbs));
  }
  row.insertCell().append(words(file));
  const last = row.insertCell();
  if (!isFixed && !file.problem) last.append(removal(file, verbs));
  return row;
}

export function needsPlace(file: ImportFile): boolean {
  return !file.problem && (file.hand === null || file.finger === null);
}

function stateOf(file: ImportFile): string {
  if (file.problem) return "problem";
  if (file.result) return "done";
  return needsPlace(file) ? "unplaced" : "ready";
}

function picture(file: ImportFile, filesAt: string): HTMLElement {
  if (!file.has_thumbnail) return Object.assign(document.createElement("span"), { className: "import-picture" });
  const image = document.createElement("img");
  image.className = "import-picture";
  image.alt = "";
  image.src = `${filesAt}/${file.item_id}/thumbnail.jpg`;
  return image;
}

function nameAndFacts(file: ImportFile): HTMLElement {
  const words = document.createElement("span");
  words.append(file.name);
  if (!file.width_px) return words;
  for (const line of [`${file.width_px} × ${file.height_px}, ${scaleWords(file)}`, originWords(file), file.note]) {
    if (line) words.append(Object.assign(document.createElement("small"), { textContent: line }));
  }
  return words;
}

/** "taken 12 Mar 2024, EVA 200x"; where the file does not tell, that. */
function originWords(file: ImportFile): string {
  const taken = file.taken_at === null ? t("import.no_date") : t("import.taken", { date: date(file.taken_at) });
  return [taken, file.camera_name].filter(Boolean).join(", ");
}

function scaleWords(file: ImportFile): string {
  if (file.um_per_px === null || file.scale_source === null) return t("import.no_scale");
  return t(`import.scale_from_${file.scale_source}`, { um: figure(file.um_per_px, scaleDecimals(null)) });
}

function choice(group: keyof typeof CHOICES, file: ImportFile, isFixed: boolean, verbs: RowVerbs): HTMLSelectElement {
  const select = document.createElement("select");
  select.disabled = isFixed;
  select.setAttribute("aria-label", `${t(`import.${group}`)}: ${file.name}`);
  const value = file[group] ?? (group === "sector" ? "unknown" : "");
  if (!value) select.add(new Option(t("import.choose"), "", true, true));
  for (const one of CHOICES[group]) select.add(new Option(t(`${group}.${one}` as TextKey), one, false, one === value));
  select.setAttribute("aria-invalid", String(!value));
  select.addEventListener("change", () => verbs.place({ ...file, [group]: select.value }));
  return select;
}

function words(file: ImportFile): HTMLElement {
  const said = document.createElement("span");
  said.className = "import-words";
  const result = file.result;
  if (file.problem) said.textContent = file.problem;
  else if (result && !result.is_evaluable) said.textContent = t("import.not_evaluable", { count: result.capillaries });
  else if (result?.density_per_mm != null)
    said.textContent = t("import.measured", { count: result.capillaries, density: figureBeside(result.density_per_mm, result.density_ci95_per_mm, 1) });
  else if (result) said.textContent = t("import.measured_without_density", { count: result.capillaries });
  else said.textContent = needsPlace(file) ? t("import.needs_place") : t("import.ready");
  return said;
}

function removal(file: ImportFile, verbs: RowVerbs): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  button.title = t("import.leave_out", { name: file.name });
  button.setAttribute("aria-label", button.title);
  button.append(icon("close"));
  button.addEventListener("click", () => verbs.remove(file));
  return button;
}
