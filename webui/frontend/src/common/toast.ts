// Short notices at the edge of the page; they never cover the picture's middle and never ask.

import { ApiFault } from "./api";
import { need } from "./dom";
import { t } from "./i18n";

export interface ToastAction {
  label: string;
  run(): void;
}

const SHOWN_MS = 5000;
const PROBLEM_SHOWN_MS = 9000;

export function toast(message: string, kind: "done" | "problem" = "done", action?: ToastAction, detail = "", shownMs = SHOWN_MS): void {
  const element = document.createElement("div");
  element.className = `toast toast-${kind}`;
  const words = document.createElement("p");
  words.append(Object.assign(document.createElement("strong"), { textContent: message }));
  if (detail) words.append(Object.assign(document.createElement("span"), { textContent: detail }));
  element.append(words);
  if (action) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: action.label });
    button.addEventListener("click", () => {
      element.remove();
      action.run();
    });
    element.append(button);
  }
  const place = need("#toasts");
  place.replaceChildren(element);
  window.setTimeout(() => element.remove(), kind === "problem" ? PROBLEM_SHOWN_MS : shownMs);
}

/** Tells the operator of a fault in the station's words; a locked browser goes to the login page. */
export function toastFault(fault: unknown): void {
  if (!(fault instanceof ApiFault)) throw fault;
  if (fault.status === 401) {
    window.location.assign(`/login?next=${encodeURIComponent(window.location.pathname)}`);
    return;
  }
  toast(fault.message || t("toast.failed"), "problem", undefined, fault.remedy);
}
