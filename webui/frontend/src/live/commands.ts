// Keys and buttons mean the same commands.

import type { Placement } from "./protocol";

export type Command =
  | { do: "capture" | "undo" | "redo" | "finish" | "discard" | "freeze" | "fullscreen" | "help" | "escape" }
  | { do: "auto" | "retake" | "skip" | "clip" | "panorama" | "cancel-sweep" }
  | { do: "layer"; layer: "boxes" | "widths" | "labels" | "haemorrhages" | "all" }
  | { do: "sector"; sector: Placement["sector"] }
  | { do: "step" | "place"; step: -1 | 1 };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

const LAYER_KEYS = { "1": "boxes", "2": "widths", "3": "labels", "4": "haemorrhages", o: "all" } as const;

/** Keys of a foot pedal, which is a keyboard to the computer; as the station's settings say. */
export interface PedalKeys {
  capture: readonly string[];
  undo: readonly string[];
}

export const NO_PEDAL: PedalKeys = { capture: [], undo: [] };

/** The command of a key press outside of text fields; null where the key means nothing here. */
export function commandOf(press: KeyPress, pedal: PedalKeys = NO_PEDAL): Command | null {
  const key = press.key.toLowerCase();
  const isPlain = !press.altKey && !press.ctrlKey && !press.metaKey;
  if (isPlain && pedal.capture.includes(press.key)) return { do: "capture" };
  if (isPlain && pedal.undo.includes(press.key)) return { do: "undo" };
  if (press.altKey) return null;
  if (press.ctrlKey || press.metaKey) {
    if (key === "z") return { do: press.shiftKey ? "redo" : "undo" };
    if (key === "y") return { do: "redo" };
    return key === "enter" ? { do: "finish" } : null;
  }
  if (key in LAYER_KEYS) return { do: "layer", layer: LAYER_KEYS[key as keyof typeof LAYER_KEYS] };
  if ("abcd".includes(key)) return { do: "sector", sector: key.toUpperCase() as Placement["sector"] };
  switch (key) {
    case " ":
      return { do: "capture" };
    case "f":
      return { do: "freeze" };
    case "g":
      return { do: "auto" };
    case "r":
      return { do: "retake" };
    case "n":
      return { do: "skip" };
    case "v":
      return { do: "clip" };
    case "p":
      return { do: "panorama" };
    case "u":
      return { do: "sector", sector: "unknown" };
    case "enter":
      return { do: "fullscreen" };
    case "?":
      return { do: "help" };
    case "escape":
      return { do: "escape" };
    case "arrowup":
      return { do: "place", step: -1 };
    case "arrowdown":
      return { do: "place", step: 1 };
    case "arrowleft":
      return { do: "step", step: -1 };
    case "arrowright":
      return { do: "step", step: 1 };
    default:
      return null;
  }
}

/** Whether the key belongs to what has the focus: text fields keep all keys, a focused button Space and Enter. */
export function isTakenByFocus(press: KeyPress, focused: Element | null): boolean {
  if (focused?.closest("dialog[open]")) return true;
  if (!focused) return false;
  if (focused.matches("input:not([type=checkbox]), textarea, select")) return press.key !== "Escape";
  const isPressed = press.key === " " || press.key === "Enter";
  return isPressed && !press.ctrlKey && focused.matches("button:focus-visible, a:focus-visible");
}

export function listenToKeys(run: (command: Command) => void, pedal: PedalKeys = NO_PEDAL): void {
  document.addEventListener("keydown", (event) => {
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    if (isTakenByFocus(event, document.activeElement)) return;
    const command = commandOf(event, pedal);
    if (!command) return;
    event.preventDefault();
    run(command);
  });
}
