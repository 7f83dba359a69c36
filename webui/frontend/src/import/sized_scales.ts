// A scale for each size of picture: pictures of one size are of one scope and magnification far more often than not.

import { figure, t } from "../common/i18n";
import type { ImportFile } from "./file_row";

export interface SizedScale {
  width_px: number;
  height_px: number;
  um_per_px: number;
}

export interface SizeGroup {
  key: string;
  width: number;
  height: number;
  count: number;
  /** What the files say themselves, each scale once. */
  embedded: number[];
}

/** The sizes among the files that can be imported, the most frequent first. */
export function sizesOf(files: ImportFile[]): SizeGroup[] {
  const found = new Map<string, SizeGroup>();
  for (const file of files.filter((one) => one.width_px > 0 && !one.problem)) {
    const key = `${file.width_px} × ${file.height_px}`;
    const group = found.get(key) ?? { key, width: file.width_px, height: file.height_px, count: 0, embedded: [] };
    group.count += 1;
    if (file.um_per_px !== null && !group.embedded.includes(file.um_per_px)) group.embedded.push(file.um_per_px);
    found.set(key, group);
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}

export class SizedScales {
  private readonly inputs = new Map<string, { group: SizeGroup; input: HTMLInputElement }>();

  constructor(private readonly place: HTMLElement) {}

  /** A field for each size; what was typed stays while files come and go. */
  show(files: ImportFile[], isFixed: boolean): void {
    const groups = sizesOf(files);
    const rows = groups.map((group) => {
      const input = this.inputs.get(group.key)?.input ?? field();
      this.inputs.set(group.key, { group, input });
      input.disabled = isFixed;
      return labelled(group, input);
    });
    for (const key of this.inputs.keys()) if (!groups.some((group) => group.key === key)) this.inputs.delete(key);
    const focused = document.activeElement;
    this.place.replaceChildren(...rows);
    if (focused instanceof HTMLInputElement && this.place.contains(focused)) focused.focus();
  }

  /** What a person wrote. */
  stated(): SizedScale[] {
    return [...this.inputs.values()]
      .filter(({ input }) => input.value !== "")
      .map(({ group, input }) => ({ width_px: group.width, height_px: group.height, um_per_px: Number(input.value) }));
  }
}

function field(): HTMLInputElement {
  return Object.assign(document.createElement("input"), { type: "number", min: "0.05", max: "50", step: "any", inputMode: "decimal" });
}

function pictures({ count }: SizeGroup): string {
  return t("import.pictures", { count });
}

function embeddedWords({ embedded }: SizeGroup): string {
  return embedded.length === 0 ? t("import.no_scale") : embedded.map((um) => `${figure(um, 3)} µm/px`).join("; ");
}

function labelled(group: SizeGroup, input: HTMLInputElement): HTMLLabelElement {
  const label = document.createElement("label");
  label.className = "sized-scale";
  label.dataset["size"] = group.key;
  const words = document.createElement("span");
  words.append(group.key, Object.assign(document.createElement("small"), { textContent: `${pictures(group)}, ${embeddedWords(group)}` }));
  input.setAttribute("aria-describedby", "import-scale-hint");
  label.append(words, input);
  return label;
}
