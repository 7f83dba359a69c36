import { describe, expect, it } from "vitest";
import texts from "../../texts/en.json";
import { commandWithPedal } from "../src/keyboard/layer";
import { isBehindDialog, isTakenByFocus } from "../src/keyboard/owner";
import { type Action, type Surface, actionsOn, ariaKeysOf, chordOf, commandOf, keysOf } from "../src/keyboard/table";

const press = (key: string, more: object = {}) => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });
const PRINTABLE = "abcdefghijklmnopqrstuvwxyz0123456789 ,.+-=?".split("");
const NAMED = ["Enter", "Escape", "Delete", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown"];

describe("the table of keys", () => {
  it("gives a key one meaning on the live page and in the review", () => {
    for (const key of [...PRINTABLE, ...NAMED]) {
      for (const more of [{}, { ctrlKey: true }, { shiftKey: true }, { ctrlKey: true, shiftKey: true }]) {
        const [live, review] = [commandOf(press(key, more), "live"), commandOf(press(key, more), "review")];
        if (live && review) expect(live).toEqual(review);
      }
    }
  });

  it.each([
    ["live", "t", { action: "auto", choice: "" }],
    ["live", "x", { action: "retake", choice: "" }],
    ["live", "u", { action: "sector", choice: "unknown" }],
    ["live", "ArrowDown", { action: "place", choice: "1" }],
    ["live", "5", { action: "layer", choice: "boxes" }],
    ["live", "1", null],
    ["review", "2", { action: "shape", choice: "tortuous" }],
    ["review", "l", { action: "capillary", choice: "" }],
    ["review", " ", null],
    ["review", "b", null],
  ] as const)("on %s: %s", (surface, key, command) => expect(commandOf(press(key), surface)).toEqual(command));

  it("reads modifiers, and Shift only where it chooses no sign", () => {
    expect(commandOf(press("?", { shiftKey: true }), "live")).toEqual({ action: "help", choice: "" });
    expect(commandOf(press("Z", { ctrlKey: true, shiftKey: true }), "review")).toEqual({ action: "redo", choice: "" });
    expect(commandOf(press("z", { metaKey: true }), "live")).toEqual({ action: "undo", choice: "" });
    expect(chordOf(press("l", { altKey: true }))).toBeNull();
    expect(commandOf(press("ArrowUp", { shiftKey: true, ctrlKey: true }), "review")).toEqual({ action: "nudge", choice: "0 -10" });
  });

  it("has words for every action, and keys to print", () => {
    for (const surface of ["live", "review"] as Surface[]) {
      for (const action of actionsOn(surface)) {
        expect(texts.keys.do).toHaveProperty(action);
        expect(keysOf(action).length).toBeGreaterThan(0);
      }
    }
    expect(Object.keys(texts.keys.do).every((action) => keysOf(action as Action).length > 0)).toBe(true);
    expect(keysOf("redo", "")).toEqual(["Ctrl", "Y"]);
    expect(keysOf("layer", "labels")).toEqual(["7"]);
    expect(ariaKeysOf("finish")).toBe("Control+Enter");
    expect(ariaKeysOf("capture")).toBe("Space");
  });
});

describe("a foot pedal", () => {
  const pedal = { capture: ["PageDown", "Enter"], undo: ["PageUp"] };

  it("captures and takes back by the keys of the settings, before any other meaning", () => {
    expect(commandOf(press("PageDown"), "live")).toBeNull();
    expect(commandWithPedal(press("PageDown"), "live", pedal)?.action).toBe("capture");
    expect(commandWithPedal(press("Enter"), "live", pedal)?.action).toBe("capture");
    expect(commandWithPedal(press("Enter", { ctrlKey: true }), "live", pedal)?.action).toBe("finish");
    expect(commandWithPedal(press("PageUp"), "live", pedal)?.action).toBe("undo");
  });
});

describe("who owns a key", () => {
  const page = (selector: string) => ({ querySelector: (asked: string) => (asked === selector ? {} : null) }) as unknown as ParentNode;
  const focused = (kind: string) => ({ matches: (asked: string) => asked.split(", ").some((one) => one === kind) }) as unknown as Element;

  it("is the open dialog, whatever has the focus", () => {
    expect(isBehindDialog(page("dialog[open]"))).toBe(true);
    expect(isBehindDialog(page("main"))).toBe(false);
  });

  it("is the field that is typed into, but for Escape", () => {
    expect(isTakenByFocus(press("n"), focused("textarea"))).toBe(true);
    expect(isTakenByFocus(press("z", { ctrlKey: true }), focused("textarea"))).toBe(true);
    expect(isTakenByFocus(press("Escape"), focused("textarea"))).toBe(false);
  });

  it("is a choice for its arrows, and a button for Space and Enter", () => {
    expect(isTakenByFocus(press("ArrowLeft"), focused("[role=tab]"))).toBe(true);
    expect(isTakenByFocus(press("g"), focused("[role=tab]"))).toBe(false);
    expect(isTakenByFocus(press(" "), focused("button:focus-visible"))).toBe(true);
    expect(isTakenByFocus(press("Enter", { ctrlKey: true }), focused("button:focus-visible"))).toBe(false);
    expect(isTakenByFocus(press("n"), null)).toBe(false);
  });
});
