// Pictures into a collection, without leaving the page.

import { post } from "../common/api";
import { t } from "../common/i18n";
import { toast, toastFault } from "../common/toast";

export interface Wanted {
  exam_ids?: string[];
  image_ids?: string[];
}

interface Changed {
  collection: { collection_id: string; name: string };
  image_ids: string[];
}

const UNDO_SHOWN_MS = 12000;

/** Adds to the collection that was chosen in a select; its "new" makes one under today's date. */
export async function collect(select: HTMLSelectElement, wanted: Wanted): Promise<void> {
  const choice = select.value;
  select.value = "";
  if (!choice) return;
  try {
    const collectionId = choice === "new" ? (await newCollection()).collection.collection_id : choice;
    const added = await post<Changed>(`collections/${collectionId}/images`, wanted);
    const { name } = added.collection;
    if (choice === "new") offer(collectionId, name);
    if (added.image_ids.length === 0) return toast(t("organise.done.collected_none", { name }));
    const undo = { label: t("toast.undo"), run: () => void takeOut(collectionId, added.image_ids) };
    toast(t("organise.done.collected", { count: added.image_ids.length, name }), "done", undo, "", UNDO_SHOWN_MS);
  } catch (fault) {
    toastFault(fault);
  }
}

async function takeOut(collectionId: string, imageIds: string[]): Promise<void> {
  try {
    await post(`collections/${collectionId}/images/remove`, { image_ids: imageIds });
    toast(t("organise.done.undone"));
  } catch (fault) {
    toastFault(fault);
  }
}

function newCollection(): Promise<Changed> {
  const now = new Date();
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  return post<Changed>("collections", { name: t("collections.unnamed", { day }) });
}

/** The new collection can be chosen from now on in every select of the page. */
function offer(collectionId: string, name: string): void {
  for (const last of document.querySelectorAll('option[value="new"]')) {
    last.before(Object.assign(document.createElement("option"), { value: collectionId, textContent: name }));
  }
}
