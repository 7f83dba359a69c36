// The key sheet and the keys on buttons, made from the table.

import { need, setText } from "../common/dom";
import { t } from "../common/i18n";
import { type Action, type Group, type Surface, actionsOn, ariaKeysOf, groupOf, keysOf, wordsOf } from "./table";

const GROUPS: readonly Group[] = ["exam", "place", "picture", "finding", "page"];

/** Fills the sheet of a page, and writes its key beside every button that has one. */
export function showKeys(surface: Surface): void {
  need("#help [data-keys]").replaceChildren(...GROUPS.flatMap((group) => rowsOf(surface, group)));
  for (const button of document.querySelectorAll<HTMLElement>("[data-command], [data-key-of]")) {
    const { command, keyOf = command, choice = "" } = button.dataset;
    if (actionsOn(surface).includes(keyOf as Action)) label(button, keyOf as Action, choice);
  }
}

function rowsOf(surface: Surface, group: Group): HTMLElement[] {
  const actions = actionsOn(surface).filter((action) => groupOf(action) === group);
  if (!actions.length) return [];
  const list = document.createElement("dl");
  list.append(...actions.map(rowOf));
  return [Object.assign(document.createElement("h3"), { textContent: t(`keys.groups.${group}`) }), list];
}

function rowOf(action: Action): HTMLElement {
  const row = document.createElement("div");
  const keys = document.createElement("dt");
  keys.append(...keysOf(action).map((key) => Object.assign(document.createElement("kbd"), { textContent: printed(key) })));
  row.append(keys, Object.assign(document.createElement("dd"), { textContent: t(wordsOf(action)) }));
  return row;
}

function label(button: HTMLElement, action: Action, choice: string): void {
  const keys = keysOf(action, choice).map(printed);
  if (!keys.length) return;
  button.setAttribute("aria-keyshortcuts", ariaKeysOf(action, choice));
  const badge = button.querySelector("kbd");
  if (badge) setText(badge, keys.join("+"));
  if (button.title) button.title = `${button.title} (${keys.join("+")})`;
}

function printed(key: string): string {
  return key === " " ? t("shortcuts.space") : key;
}
