// The keyboard of a page: a press goes to the open dialog, to what has the focus, or to the page; never to two of them.

import { isBehindDialog, isTakenByFocus } from "./owner";
import { type Action, type Command, type KeyPress, type Surface, commandOf } from "./table";

/** What a page does at each of its actions; the choice says which of several things. */
export type Handlers = Partial<Record<Action, (choice: string) => void>>;

/** Keys of a foot pedal, which is a keyboard to the computer; as the station's settings say. */
export interface PedalKeys {
  capture: readonly string[];
  undo: readonly string[];
}

export const NO_PEDAL: PedalKeys = { capture: [], undo: [] };

/** As `commandOf`, after the pedal's own keys. */
export function commandWithPedal(press: KeyPress, surface: Surface, pedal: PedalKeys): Command | null {
  const isPlain = !press.altKey && !press.ctrlKey && !press.metaKey;
  if (isPlain && pedal.capture.includes(press.key)) return { action: "capture", choice: "" };
  if (isPlain && pedal.undo.includes(press.key)) return { action: "undo", choice: "" };
  return commandOf(press, surface);
}

/** From now on the page hears its keys. */
export function listenToKeys(surface: Surface, handlers: Handlers, pedal: PedalKeys = NO_PEDAL): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || (event.repeat && !event.key.startsWith("Arrow"))) return;
    if (isBehindDialog() || isTakenByFocus(event, document.activeElement)) return;
    const command = commandWithPedal(event, surface, pedal);
    const handler = command && handlers[command.action];
    if (!handler) return;
    event.preventDefault();
    handler(command.choice);
  });
}
