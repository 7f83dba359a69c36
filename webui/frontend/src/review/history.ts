// The visual log: who changed what when, with the values before and after, and whether the chain holds.

import { setText } from "../common/dom";
import { type TextKey, figure, language, t, tWord } from "../common/i18n";
import { widthWords } from "../common/honest_digits";
import type { FindingSummary, HistoryEntry, JournalCheck } from "./protocol";

/** How findings and people are called: findings by the numbers that picture and list show now, people by their full names. */
export interface Names {
  findings: ReadonlyMap<string, string>;
  people: Readonly<Record<string, string>>;
}

/** What was done, in the physician's words. */
export function describe({ action, detail }: HistoryEntry, { findings }: Names): string {
  const edit = detail.edit;
  if (!edit) return action;
  const width = edit.width ? t(`loop.${edit.width}`) : "";
  const what = t(`review.history.${edit.kind}` as TextKey, { name: edit.finding_id ? (findings.get(edit.finding_id) ?? edit.finding_id) : "", width });
  if (edit.against_measurement) return `${what} (${t("against.history")})`;
  if (action === "review.undone") return t("review.history.undone", { what });
  return action === "review.redone" ? t("review.history.redone", { what }) : what;
}

/** The values that the change was about, before and after; both empty where it had none. */
export function change({ action, detail }: HistoryEntry): [string, string] {
  const edit = detail.edit;
  const said = edit?.text ?? edit?.reason;
  if (said !== undefined && edit?.kind !== "include") return action === "review.undone" ? [said, ""] : ["", said];
  const value = (summary: FindingSummary | null | undefined): string => {
    if (!summary) return "";
    if (edit?.width) return widthOf(summary, edit.width);
    if (edit?.kind === "set_morphology" && summary.morphology) return tWord("morphology", summary.morphology);
    if (edit?.kind === "set_size" && summary.size) return tWord("size", summary.size);
    if (edit?.kind === "set_row" && summary.row) return summary.row === "distal" ? t("loop.distal") : t("loop.other");
    return "";
  };
  return [value(detail.before), value(detail.after)];
}

function widthOf(summary: FindingSummary, kind: "apical" | "arterial" | "venous"): string {
  const um = summary.widths_um?.[kind];
  const px = summary.widths_px?.[kind];
  return widthWords(um, px, um && px ? um / px : null);
}

export function showHistory(list: HTMLElement, entries: HistoryEntry[], names: Names): void {
  if (entries.length === 0) {
    const none = Object.assign(document.createElement("li"), { className: "hint", textContent: t("review.history.none") });
    list.replaceChildren(none);
    return;
  }
  list.replaceChildren(...[...entries].reverse().map((entry) => line(entry, names)));
}

function line(entry: HistoryEntry, names: Names): HTMLElement {
  const called = (account: string): string => names.people[account] ?? account;
  const item = document.createElement("li");
  item.dataset["seq"] = String(entry.seq);
  const head = Object.assign(document.createElement("p"), { textContent: describe(entry, names) });
  const [before, after] = change(entry);
  if (before || after) head.append(beforeAfter(before || t("unmeasured"), after || t("unmeasured")));
  const { density_before: was, density_after: is } = entry.detail;
  if (was !== is) {
    const density = Object.assign(document.createElement("p"), { className: "hint", textContent: t("review.history.density") });
    density.append(beforeAfter(figure(was, 1), figure(is, 1)));
    item.append(head, density);
  } else item.append(head);
  const when = new Date(entry.at_utc);
  const foot = Object.assign(document.createElement("p"), { className: "hint" });
  const time = Object.assign(document.createElement("time"), { dateTime: entry.at_utc, textContent: when.toLocaleString(language()) });
  foot.append(`${called(entry.actor)}, `, time);
  if (entry.detail.invalidates) foot.append(`; ${t("review.history.invalidates", { name: called(entry.detail.invalidates) })}`);
  foot.title = `${entry.seq} ${entry.hash}`;
  item.append(foot);
  return item;
}

function beforeAfter(before: string, after: string): HTMLElement {
  const made = Object.assign(document.createElement("span"), { className: "before-after" });
  made.append(
    Object.assign(document.createElement("s"), { textContent: before }),
    " → ",
    Object.assign(document.createElement("b"), { textContent: after }),
  );
  return made;
}

export function showChain(element: HTMLElement, check: JournalCheck): void {
  element.dataset["state"] = check.is_intact ? "good" : "bad";
  setText(
    element,
    check.is_intact
      ? t("review.history.intact", { count: check.entries })
      : t("review.history.broken", { seq: check.broken_seq ?? 0, reason: check.reason }),
  );
}
