// Projects and folders: made, named, moved and archived in their place.

import { need } from "../common/dom";
import { t } from "../common/i18n";
import { type Step, change } from "./undoable";

interface Folder {
  folder_id: string;
  name: string;
  parent_id: string | null;
}

interface FolderAnswer {
  folder: Folder;
  before: Folder | null;
}

export function projects(): void {
  const adding = document.querySelector<HTMLFormElement>("[data-add-folder]");
  adding?.addEventListener("submit", (event) => {
    event.preventDefault();
    void add(nameIn(adding), null);
  });
  for (const row of document.querySelectorAll<HTMLElement>("[data-folder]")) {
    row.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-folder-action]");
      if (button) act(row, button.dataset["folderAction"]!);
    });
    for (const form of row.querySelectorAll("form")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        submit(row, form);
      });
      form.addEventListener("keydown", (event) => {
        if (event.key === "Escape") toggle(row, "");
      });
    }
  }
}

function act(row: HTMLElement, action: string): void {
  if (action === "archive" || action === "unarchive") archive(row, action === "archive");
  else toggle(row, action);
}

/** Opens one form of a row and closes the others; the one that is open is closed, and the focus goes back. */
function toggle(row: HTMLElement, action: string): void {
  for (const form of row.querySelectorAll<HTMLFormElement>("form")) {
    const wasOpen = !form.hidden;
    form.hidden = form.dataset["form"] !== action || wasOpen;
    const button = need<HTMLElement>(`[data-folder-action="${form.dataset["form"]!}"]`, row);
    button.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) form.querySelector<HTMLElement>("input, select")?.focus();
    else if (wasOpen) button.focus();
  }
  row.querySelector<HTMLInputElement>('form[data-form="rename"]:not([hidden]) input')?.select();
}

function submit(row: HTMLElement, form: HTMLFormElement): void {
  const path = `folders/${row.dataset["folder"]!}`;
  const name = row.dataset["name"]!;
  if (form.dataset["form"] === "add") void add(nameIn(form), row.dataset["folder"]!);
  else if (form.dataset["form"] === "rename") {
    const undo: Step = { method: "PATCH", path, body: { name } };
    const body = { name: nameIn(form) };
    void change<FolderAnswer>({ method: "PATCH", path, body }, ({ folder }) => ({ message: t("organise.done.renamed", { name: folder.name }), undo: [undo] }));
  } else {
    const undo: Step = { method: "POST", path: `${path}/move`, body: { parent_id: row.dataset["parent"] || null } };
    const body = { parent_id: String(new FormData(form).get("parent_id")) || null };
    void change({ method: "POST", path: `${path}/move`, body }, () => ({ message: t("organise.done.moved", { name }), undo: [undo] }));
  }
}

function add(name: string, parentId: string | null): Promise<void> {
  const step: Step = { method: "POST", path: "folders", body: { name, parent_id: parentId } };
  return change<FolderAnswer>(step, ({ folder }) => ({
    message: t("organise.done.made", { name: folder.name }),
    undo: [{ method: "PATCH", path: `folders/${folder.folder_id}`, body: { is_archived: true } }],
  }));
}

function archive(row: HTMLElement, isArchived: boolean): void {
  const path = `folders/${row.dataset["folder"]!}`;
  void change({ method: "PATCH", path, body: { is_archived: isArchived } }, () => ({
    message: t(isArchived ? "organise.done.archived" : "organise.done.unarchived"),
    undo: [{ method: "PATCH", path, body: { is_archived: !isArchived } }],
  }));
}

function nameIn(form: HTMLFormElement): string {
  return need<HTMLInputElement>("[name=name]", form).value;
}
