import { describe, expect, it, vi } from "vitest";

import { ApiFault } from "../src/common/api";
import { BoxButtons } from "../src/live/box_buttons";
import { type FrameMessage, parseFrameMessage } from "../src/live/protocol";

const toasts = vi.hoisted(() => ({ toast: vi.fn() }));
const api = vi.hoisted(() => ({ getBytes: vi.fn() }));
vi.mock("../src/common/toast", () => toasts);
vi.mock("../src/common/api", async (original) => ({ ...(await original<object>()), ...api }));

/** As it comes live: length, header, picture. */
function liveMessage(seq: number): ArrayBuffer {
  const header = new TextEncoder().encode(JSON.stringify({ type: "frame", seq }));
  const bytes = new Uint8Array(4 + header.length + 1);
  new DataView(bytes.buffer).setUint32(0, header.length);
  bytes.set(header, 4);
  return bytes.buffer;
}

function page(hasIt = true) {
  const stage = {
    seq: 9 as number | null,
    isFrozen: false,
    recentOf: vi.fn((seq: number) => (hasIt ? parseFrameMessage(liveMessage(seq)) : undefined)),
    freezeOn: vi.fn(async (message: FrameMessage, isWanted: () => boolean) => {
      if (isWanted()) Object.assign(stage, { seq: message.header.seq, isFrozen: true });
      return isWanted();
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
    expect(stage.seq).toBe(7);
    expect(stage.freezeOn).toHaveBeenCalledOnce();
    buttons.follow({ frozen_seq: 7, presses: 1, problem: "" });
    buttons.follow({ frozen_seq: null, presses: 2, problem: "" });
    expect(showFrozen).toHaveBeenLastCalledWith(false);
  });

  it("fetches the very picture that a slow page never got, also over a link that fails at first", async () => {
    const { stage, showFrozen, buttons } = page(false);
    api.getBytes.mockRejectedValueOnce(new ApiFault("not reached", "", 0)).mockResolvedValueOnce(liveMessage(7));
    buttons.follow(nothing);
    buttons.follow({ frozen_seq: 7, presses: 1, problem: "" });
    await vi.waitFor(() => expect(showFrozen).toHaveBeenCalledWith(true), 5000);
    expect(api.getBytes).toHaveBeenLastCalledWith("exam/held/7");
    expect(stage.seq).toBe(7);
  });

  it("stays live where the box went live before the picture came", async () => {
    const { stage, showFrozen, buttons } = page(false);
    let comes: (message: ArrayBuffer) => void = () => {};
    api.getBytes.mockReturnValueOnce(new Promise((resolve) => (comes = resolve)));
    buttons.follow(nothing);
    buttons.follow({ frozen_seq: 7, presses: 1, problem: "" });
    buttons.follow({ frozen_seq: null, presses: 2, problem: "" });
    comes(liveMessage(7));
    await vi.waitFor(() => expect(stage.freezeOn).toHaveBeenCalledOnce());
    expect(showFrozen).not.toHaveBeenCalled();
  });

  it("stays live where the box no longer has that picture", async () => {
    const { stage, showFrozen, buttons } = page(false);
    const gone = Promise.reject(new ApiFault("picture 7 is no longer at hand", "", 404));
    api.getBytes.mockReturnValueOnce(gone);
    buttons.follow(nothing);
    buttons.follow({ frozen_seq: 7, presses: 1, problem: "" });
    await gone.catch(() => {});
    await Promise.resolve();
    expect(stage.freezeOn).not.toHaveBeenCalled();
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
