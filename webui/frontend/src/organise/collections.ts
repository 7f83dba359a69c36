// Image collections: made, named, archived, and pictures taken out of them.

import { need } from "../common/dom";
import { t } from "../common/i18n";
import { change } from "./undoable";

interface CollectionAnswer {
  collection: { collection_id: string; name: string };
}

export function collections(): void {
  const adding = document.querySelector<HTMLFormElement>("[data-add-collection]");
  adding?.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = { name: need<HTMLInputElement>("[name=name]", adding).value };
    void change<CollectionAnswer>({ method: "POST", path: "collections", body }, ({ collection }) => ({
      message: t("organise.done.made", { name: collection.name }),
      undo: [{ method: "PATCH", path: `collections/${collection.collection_id}`, body: { is_archived: true } }],
    }));
  });
  const editing = document.querySelector<HTMLFormElement>("[data-edit-collection]");
  editing?.addEventListener("submit", (event) => {
    event.preventDefault();
    edit(editing);
  });
  document.querySelectorAll<HTMLElement>("[data-collection-archive]").forEach((button) => button.addEventListener("click", () => archive(button)));
  document.querySelectorAll<HTMLElement>("[data-take-out]").forEach((button) => button.addEventListener("click", () => takeOut(button.dataset["takeOut"]!)));
}

function edit(form: HTMLFormElement): void {
  const name = need<HTMLInputElement>("[name=name]", form);
  const note = need<HTMLTextAreaElement>("[name=note]", form);
  const path = `collections/${form.dataset["editCollection"]!}`;
  const before = { name: name.defaultValue, note: note.defaultValue };
  void change({ method: "PATCH", path, body: { name: name.value, note: note.value } }, () => ({
    message: t("organise.done.saved"),
    undo: [{ method: "PATCH", path, body: before }],
  }));
}

function archive(button: HTMLElement): void {
  const isArchived = button.dataset["archived"] !== "true";
  const path = `collections/${button.dataset["collectionArchive"]!}`;
  void change({ method: "PATCH", path, body: { is_archived: isArchived } }, () => ({
    message: t(isArchived ? "organise.done.archived" : "organise.done.unarchived"),
    undo: [{ method: "PATCH", path, body: { is_archived: !isArchived } }],
  }));
}

function takeOut(imageId: string): void {
  const path = `collections/${need<HTMLElement>("[data-collection]").dataset["collection"]!}/images`;
  const body = { image_ids: [imageId] };
  void change({ method: "POST", path: `${path}/remove`, body }, () => ({
    message: t("organise.done.taken_out"),
    undo: [{ method: "POST", path, body }],
  }));
}
