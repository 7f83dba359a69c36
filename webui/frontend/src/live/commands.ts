// Keys and buttons mean the same commands.

export type Command =
  | { do: "capture" | "undo" | "redo" | "finish" | "discard" | "freeze" | "fullscreen" | "help" | "escape" }
  | { do: "layer"; layer: "boxes" | "widths" | "labels" | "haemorrhages" | "all" }
  | { do: "sector"; sector: string }
  | { do: "step"; step: -1 | 1 };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

const LAYER_KEYS = { "1": "boxes", "2": "widths", "3": "labels", "4": "haemorrhages", o: "all" } as const;

/** The command of a key press outside of text fields; null where the key means nothing here. */
export function commandOf(press: KeyPress): Command | null {
  const key = press.key.toLowerCase();
  if (press.altKey) return null;
  if (press.ctrlKey || press.metaKey) {
    if (key === "z") return { do: press.shiftKey ? "redo" : "undo" };
    if (key === "y") return { do: "redo" };
    return key === "enter" ? { do: "finish" } : null;
  }
  if (key in LAYER_KEYS) return { do: "layer", layer: LAYER_KEYS[key as keyof typeof LAYER_KEYS] };
  if ("abcd".includes(key)) return { do: "sector", sector: key.toUpperCase() };
  switch (key) {
    case " ":
      return { do: "capture" };
    case "f":
      return { do: "freeze" };
    case "enter":
      return { do: "fullscreen" };
    case "?":
      return { do: "help" };
    case "escape":
      return { do: "escape" };
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
  if (!focused) return false;
  if (focused.matches("input:not([type=checkbox]), textarea, select")) return press.key !== "Escape";
  const isPressed = press.key === " " || press.key === "Enter";
  return isPressed && !press.ctrlKey && focused.matches("button:focus-visible, a:focus-visible");
}

export function listenToKeys(run: (command: Command) => void): void {
  document.addEventListener("keydown", (event) => {
    if (event.repeat && event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    if (isTakenByFocus(event, document.activeElement)) return;
    const command = commandOf(event);
    if (!command) return;
    event.preventDefault();
    run(command);
  });
}
