import { describe, expect, it, vi } from "vitest";

import { BoxButtons } from "../src/live/box_buttons";

const toasts = vi.hoisted(() => ({ toast: vi.fn() }));
vi.mock("../src/common/toast", () => toasts);

function page(hasIt = true) {
  const stage = {
    seq: 9 as number | null,
    isFrozen: false,
    freezeAt: vi.fn(async (seq: number) => {
      if (hasIt) Object.assign(stage, { seq, isFrozen: true });
      return hasIt;
    }),
  };
  const showFrozen = vi.fn((isFrozen: boolean) => Object.assign(stage, { isFrozen }));
  return { stage, showFrozen, buttons: new BoxButtons(stage, showFrozen) };
}

const nothing = { frozen_seq: null, presses: 0, problem: "" };

describe("the box's own buttons on the live page", () => {
  it("freezes the picture of the press, not the newest, and goes live with the box", async () => {
    const { stage, showFrozen, buttons } = page();
    buttons.follow(nothing);
    buttons.follow({ frozen_seq: 7, presses: 1, problem: "" });
    await vi.waitFor(() => expect(showFrozen).toHaveBeenCalledWith(true));
    expect(stage.freezeAt).toHaveBeenCalledExactlyOnceWith(7);
    buttons.follow({ frozen_seq: 7, presses: 1, problem: "" });
    buttons.follow({ frozen_seq: null, presses: 2, problem: "" });
    expect(showFrozen).toHaveBeenLastCalledWith(false);
  });

  it("stays live where the page no longer has that picture", async () => {
    const { showFrozen, buttons } = page(false);
    buttons.follow(nothing);
    buttons.follow({ frozen_seq: 7, presses: 1, problem: "" });
    await Promise.resolve();
    expect(showFrozen).not.toHaveBeenCalled();
  });

  it("leaves alone what somebody froze on this page", () => {
    const { stage, showFrozen, buttons } = page();
    buttons.follow({ frozen_seq: 7, presses: 1, problem: "" });
    Object.assign(stage, { isFrozen: true, seq: 5 });
    buttons.follow({ frozen_seq: null, presses: 2, problem: "" });
    expect(showFrozen).not.toHaveBeenCalled();
  });

  it("says why a press did nothing, once, and nothing of what was before the page", () => {
    const { buttons } = page();
    buttons.follow({ frozen_seq: null, presses: 3, problem: "old" });
    expect(toasts.toast).not.toHaveBeenCalled();
    buttons.follow({ frozen_seq: null, presses: 4, problem: "no exam is open" });
    buttons.follow({ frozen_seq: null, presses: 4, problem: "no exam is open" });
    expect(toasts.toast).toHaveBeenCalledExactlyOnceWith("no exam is open", "problem");
  });
});
