// The keyboard of the review page.

import type { Morphology } from "../common/analysis";

const COMMANDS: Record<string, string> = {
  v: "select",
  n: "capillary",
  h: "haemorrhage",
  m: "measure",
  w: "width",
  r: "row",
  o: "machine",
  b: "overlay",
  g: "green",
  "+": "zoom_in",
  "=": "zoom_in",
  "-": "zoom_out",
  "0": "fit",
  "?": "help",
  ",": "previous_finding",
  ".": "next_finding",
  delete: "delete",
  backspace: "delete",
  escape: "escape",
  pagedown: "next_image",
  pageup: "previous_image",
};
const SHAPES: Record<string, Morphology> = { "1": "normal", "2": "tortuous", "3": "ramified", "4": "giant" };
const ARROWS: Record<string, [number, number]> = {
  arrowleft: [-1, 0],
  arrowright: [1, 0],
  arrowup: [0, -1],
  arrowdown: [0, 1],
};
const FAST = 10;

export interface KeyActions {
  nudge(dx: number, dy: number): void;
  reclass(shape: Morphology): void;
}

/** The command of a key; null where the page has none for it. */
export function commandOf(key: string, isControl: boolean, isShift: boolean): string | null {
  const name = key.toLowerCase();
  if (!isControl) return COMMANDS[name] ?? null;
  if (name === "y" || (name === "z" && isShift)) return "redo";
  return name === "z" ? "undo" : null;
}

export class ReviewKeys {
  constructor(
    private readonly commands: Record<string, () => void>,
    private readonly actions: KeyActions,
  ) {}

  listen(): void {
    document.addEventListener("keydown", (event) => {
      if (event.altKey || isTyping(event)) return;
      if (this.run(event)) event.preventDefault();
    });
  }

  private run(event: KeyboardEvent): boolean {
    const isControl = event.ctrlKey || event.metaKey;
    const command = commandOf(event.key, isControl, event.shiftKey);
    if (command) {
      this.commands[command]?.();
      return true;
    }
    if (isControl) return false;
    const shape = SHAPES[event.key];
    if (shape) this.actions.reclass(shape);
    const arrow = ARROWS[event.key.toLowerCase()];
    // Elsewhere the arrows scroll and choose.
    if (arrow && document.activeElement?.id === "board") {
      const far = event.shiftKey ? FAST : 1;
      this.actions.nudge(arrow[0] * far, arrow[1] * far);
      return true;
    }
    return shape !== undefined;
  }
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  if (event.key === "Escape") return false;
  return Boolean(target?.closest('input:not([type="checkbox"], [type="range"]), textarea, select'));
}
