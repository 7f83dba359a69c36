// Every key of the live page and of the review, in one table: a key means one thing, wherever it means anything.
// The key sheet ("?"), the badges on buttons and their `aria-keyshortcuts` are made from it.

import type { TextKey } from "../common/i18n";

export type Surface = "live" | "review";
export type Group = "exam" | "place" | "picture" | "finding" | "page";

export interface Command {
  action: Action;
  /** Which of several things the key chooses: a sector, a shape, a direction; empty where there is but one. */
  choice: string;
}

interface Row {
  /** Chord to choice: "ctrl+z", "shift+arrowleft", "a"; "shift" stands only with keys that have a name, and with "ctrl". */
  keys: Record<string, string>;
  /** What the sheet and the badges show; without it the keys themselves. */
  shown?: readonly string[];
  on: readonly Surface[];
  group: Group;
}

const ONLY = "";
const LIVE = ["live"] as const;
const REVIEW = ["review"] as const;
const BOTH = ["live", "review"] as const;

const ROWS = {
  capture: { keys: { " ": ONLY }, on: LIVE, group: "exam" },
  undo: { keys: { "ctrl+z": ONLY }, on: BOTH, group: "exam" },
  redo: { keys: { "ctrl+y": ONLY, "ctrl+shift+z": ONLY }, shown: ["Ctrl", "Y"], on: BOTH, group: "exam" },
  retake: { keys: { x: ONLY }, on: LIVE, group: "exam" },
  not_evaluable: { keys: { n: ONLY }, on: BOTH, group: "exam" },
  accept: { keys: { y: ONLY }, on: REVIEW, group: "exam" },
  auto: { keys: { t: ONLY }, on: LIVE, group: "exam" },
  panorama: { keys: { p: ONLY }, on: LIVE, group: "exam" },
  clip: { keys: { v: ONLY }, on: LIVE, group: "exam" },
  finish: { keys: { "ctrl+enter": ONLY }, on: LIVE, group: "exam" },
  neighbour: { keys: { arrowleft: "-1", arrowright: "1" }, on: BOTH, group: "place" },
  place: { keys: { arrowup: "-1", arrowdown: "1" }, on: LIVE, group: "place" },
  sector: { keys: { a: "A", b: "B", c: "C", d: "D", u: "unknown" }, on: LIVE, group: "place" },
  overlay: { keys: { o: ONLY }, on: BOTH, group: "picture" },
  layer: { keys: { "5": "boxes", "6": "widths", "7": "labels", "8": "haemorrhages" }, on: LIVE, group: "picture" },
  vessels: { keys: { "9": ONLY }, on: REVIEW, group: "picture" },
  green: { keys: { g: ONLY }, on: BOTH, group: "picture" },
  zoom: { keys: { "+": "in", "=": "in", "-": "out", "0": "fit" }, shown: ["+", "−", "0"], on: BOTH, group: "picture" },
  freeze: { keys: { f: ONLY }, on: LIVE, group: "picture" },
  earlier: { keys: { e: ONLY }, on: LIVE, group: "picture" },
  machine: { keys: { i: ONLY }, on: REVIEW, group: "picture" },
  fullscreen: { keys: { enter: ONLY }, on: LIVE, group: "picture" },
  select: { keys: { s: ONLY }, on: REVIEW, group: "finding" },
  capillary: { keys: { l: ONLY }, on: REVIEW, group: "finding" },
  haemorrhage: { keys: { h: ONLY }, on: REVIEW, group: "finding" },
  width: { keys: { w: ONLY }, on: REVIEW, group: "finding" },
  measure: { keys: { m: ONLY }, on: REVIEW, group: "finding" },
  shape: { keys: { "1": "normal", "2": "tortuous", "3": "ramified", "4": "giant" }, on: REVIEW, group: "finding" },
  row: { keys: { r: ONLY }, on: REVIEW, group: "finding" },
  finding: { keys: { ",": "-1", ".": "1" }, on: REVIEW, group: "finding" },
  nudge: {
    keys: {
      ...{ "shift+arrowleft": "-1 0", "shift+arrowright": "1 0", "shift+arrowup": "0 -1", "shift+arrowdown": "0 1" },
      ...{ "ctrl+shift+arrowleft": "-10 0", "ctrl+shift+arrowright": "10 0" },
      ...{ "ctrl+shift+arrowup": "0 -10", "ctrl+shift+arrowdown": "0 10" },
    },
    shown: ["Shift", "← ↑ → ↓"],
    on: REVIEW,
    group: "finding",
  },
  delete: { keys: { delete: ONLY, backspace: ONLY }, shown: ["Del"], on: REVIEW, group: "finding" },
  help: { keys: { "?": ONLY }, on: BOTH, group: "page" },
  escape: { keys: { escape: ONLY }, on: BOTH, group: "page" },
} satisfies Record<string, Row>;

export type Action = keyof typeof ROWS;

const TABLE: Record<Action, Row> = ROWS;
const ACTIONS = Object.keys(TABLE) as Action[];
const COMMANDS = commandsByChord();

function commandsByChord(): ReadonlyMap<string, Command> {
  const found = new Map<string, Command>();
  for (const action of ACTIONS) {
    for (const [chord, choice] of Object.entries(TABLE[action].keys)) {
      if (found.has(chord)) throw new Error(`${chord} means ${found.get(chord)!.action} and ${action}`);
      found.set(chord, { action, choice });
    }
  }
  return found;
}

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** The press as the table writes it; null where Alt belongs to the browser or to a third level of the keyboard. */
export function chordOf(press: KeyPress): string | null {
  if (press.altKey) return null;
  const isControl = press.ctrlKey || press.metaKey;
  // With a printable key Shift only chooses the sign ("?", "+", "A").
  const isShift = press.shiftKey && (press.key.length > 1 || isControl);
  return `${isControl ? "ctrl+" : ""}${isShift ? "shift+" : ""}${press.key.toLowerCase()}`;
}

/** What a key means on a surface; null where it means nothing there. */
export function commandOf(press: KeyPress, surface: Surface): Command | null {
  const chord = chordOf(press);
  const command = chord === null ? undefined : COMMANDS.get(chord);
  return command && TABLE[command.action].on.includes(surface) ? command : null;
}

/** The actions that a surface has, in the order of the sheet. */
export function actionsOn(surface: Surface): Action[] {
  return ACTIONS.filter((action) => TABLE[action].on.includes(surface));
}

export function groupOf(action: Action): Group {
  return TABLE[action].group;
}

const SIGNS: Record<string, string> = { arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", ctrl: "Ctrl", shift: "Shift", enter: "Enter", escape: "Esc" };

/** The keys of an action, or of one of its choices, as they are printed; " " stands for the space bar. */
export function keysOf(action: Action, choice?: string): readonly string[] {
  const { keys, shown } = TABLE[action];
  if (shown && choice === undefined) return shown;
  const chords = Object.entries(keys).filter(([, of]) => choice === undefined || of === choice);
  const first = choice === undefined ? chords : chords.slice(0, 1);
  return first.flatMap(([chord]) => (chord.length === 1 ? [chord.toUpperCase()] : chord.split("+").map((part) => SIGNS[part] ?? part.toUpperCase())));
}

/** As `aria-keyshortcuts` writes them. */
export function ariaKeysOf(action: Action, choice = ""): string {
  const names: Record<string, string> = { " ": "Space", ctrl: "Control", shift: "Shift", enter: "Enter", escape: "Escape", delete: "Delete" };
  const chords = Object.entries(TABLE[action].keys).filter(([, of]) => of === choice);
  return chords.map(([chord]) => (chord.length === 1 ? (names[chord] ?? chord.toUpperCase()) : chord.split("+").map((part) => names[part] ?? part.toUpperCase()).join("+"))).join(" ");
}

export function wordsOf(action: Action): TextKey {
  return `keys.do.${action}`;
}
