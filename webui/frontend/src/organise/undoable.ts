// A change is made at once and shown with its undo; the page then comes anew, so that all of it is as the station has it.

import { send } from "../common/api";
import { t } from "../common/i18n";
import { toast, toastFault } from "../common/toast";

export interface Step {
  method: "POST" | "PUT" | "PATCH";
  path: string;
  body: unknown;
}

interface Pending {
  message: string;
  undo: Step[];
}

const KEY = "nailfold_pending";
const UNDO_SHOWN_MS = 12000;

/** Tells what was done before the page came, with its undo. */
export function showPending(): void {
  const stored = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (!stored) return;
  const { message, undo } = JSON.parse(stored) as Pending;
  const action = undo.length > 0 ? { label: t("toast.undo"), run: () => void takeBack(undo) } : undefined;
  toast(message, "done", action, "", action ? UNDO_SHOWN_MS : undefined);
}

/** Makes the change and comes back to `where` (this page by default); a fault is shown and nothing else happens. */
export async function change<Answer>(
  step: Step,
  told: (answer: Answer) => Pending,
  where: (answer: Answer) => string = () => window.location.href,
): Promise<void> {
  try {
    const answer = await send<Answer>(step.method, step.path, step.body);
    comeBack(told(answer), where(answer));
  } catch (fault) {
    toastFault(fault);
  }
}

async function takeBack(undo: Step[]): Promise<void> {
  try {
    for (const step of undo) await send(step.method, step.path, step.body);
    comeBack({ message: t("organise.done.undone"), undo: [] }, window.location.href);
  } catch (fault) {
    toastFault(fault);
  }
}

function comeBack(pending: Pending, where: string): void {
  sessionStorage.setItem(KEY, JSON.stringify(pending));
  if (where === window.location.href) window.location.reload();
  else window.location.assign(where);
}
