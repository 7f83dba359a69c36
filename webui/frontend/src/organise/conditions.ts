// What the form above a list of exams asks for.

import { need } from "../common/dom";

export type Conditions = Record<string, string | number | boolean | null>;

/** The conditions that a form's fields add up to; `finger` holds "left index", `state` also whether it was validated. */
export function conditionsOf(fields: Iterable<[string, string]>, fixed: Conditions, page: number): Conditions {
  const asked: Conditions = { ...fixed, page };
  for (const [name, value] of fields) {
    if (name === "text") asked["text"] = value;
    else if (!value) continue;
    else if (name === "finger") [asked["hand"], asked["finger"]] = value.split(" ") as [string, string];
    else if (name === "state" && value.endsWith("validated")) asked["is_validated"] = value === "validated";
    else asked[name] = value;
  }
  return asked;
}

/** What a form asks for as it now stands. */
export function conditionsIn(form: HTMLFormElement, page: number): Conditions {
  const fields = [...new FormData(form).entries()].map(([name, value]) => [name, String(value)] as [string, string]);
  return conditionsOf(fields, JSON.parse(form.dataset["fixed"] ?? "{}") as Conditions, page);
}

/** What the page's own list of exams shows, all of its pages. */
export function searched(): Conditions {
  return conditionsIn(need<HTMLFormElement>("form[data-search]"), 0);
}
