import { describe, expect, it } from "vitest";
import { ExamState, isNewer } from "../src/live/exam_state";
import type { ExamDocument, Placement } from "../src/live/protocol";
import { RequestQueue } from "../src/live/request_queue";

function exam(revision: number, sector = "A", boot_id = "boot-1"): ExamDocument {
  const selected = { hand: "left", finger: "index", sector };
  return { boot_id, revision, exam_id: "e", patient_pseudonym: "NC-1", selected, images: [], can_undo: false, can_redo: false, can_finish: false } as unknown as ExamDocument;
}

function deferred(): { promise: Promise<string>; resolve: (value: string) => void; reject: (fault: Error) => void } {
  let resolve!: (value: string) => void, reject!: (fault: Error) => void;
  const promise = new Promise<string>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

const toSector = (sector: Placement["sector"]) => (selected: Placement) => ({ ...selected, sector });

describe("isNewer", () => {
  it.each([
    [exam(2), exam(1), true],
    [exam(1), exam(1), false],
    [exam(1), exam(2), false],
    [exam(0, "A", "boot-2"), exam(9), true],
    [exam(0), null, true],
  ])("%#", (candidate, known, expected) => expect(isNewer(candidate, known)).toBe(expected));
});

describe("ExamState", () => {
  it("never goes back to an older state, pushed or answered", () => {
    const state = new ExamState();
    state.answered(exam(5, "C"));
    state.pushed(exam(4, "A"));
    state.idle();
    state.answered(exam(3, "B"));
    expect(state.expected?.selected.sector).toBe("C");
  });

  it("keeps a state that was pushed while a request was under way", () => {
    const state = new ExamState();
    state.answered(exam(1));
    state.pushed(exam(3, "D"));
    state.answered(exam(2, "B"));
    expect(state.station?.revision).toBe(2);
    state.idle();
    expect(state.expected?.selected.sector).toBe("D");
  });

  it("counts on every choice until it is answered", () => {
    const state = new ExamState();
    state.answered(exam(1));
    const answeredFirst = state.expect((selected) => ({ ...selected, finger: "ring" }));
    state.expect(toSector("C"));
    expect(state.expected?.selected).toEqual({ hand: "left", finger: "ring", sector: "C" });
    answeredFirst();
    expect(state.expected?.selected).toEqual({ hand: "left", finger: "index", sector: "C" });
  });
});

describe("RequestQueue", () => {
  it("sends a request only after the one before it was answered", async () => {
    const queue = new RequestQueue();
    const first = deferred();
    const sent: string[] = [];
    const both = [
      queue.add(() => (sent.push("first"), first.promise)),
      queue.add(async () => (sent.push("second"), "two")),
    ];
    await Promise.resolve();
    await Promise.resolve();
    expect(sent).toEqual(["first"]);
    expect(queue.isIdle).toBe(false);
    first.resolve("one");
    expect(await Promise.all(both)).toEqual(["one", "two"]);
    expect(queue.isIdle).toBe(true);
  });

  it("drops what waited behind a fault, and nothing that is asked later", async () => {
    const queue = new RequestQueue();
    const failing = deferred();
    const refused = queue.add(() => failing.promise);
    const behind = queue.add(async () => "captured");
    failing.reject(new Error("refused"));
    await expect(refused).rejects.toThrow("refused");
    expect(await behind).toBeNull();
    expect(await queue.add(async () => "later")).toBe("later");
  });
});
