import { describe, expect, it } from "vitest";
import type { AnalysedImage } from "../src/common/analysis";
import { parseAvi } from "../src/common/avi";
import { type Hint, SteadyHint, hintOf } from "../src/live/hints";
import { neighbourPlacement } from "../src/live/placement";

function image(reasons: string[], hints?: string[]): AnalysedImage {
  return { quality: { evaluable: reasons.length === 0, reasons, ...(hints ? { hints } : {}) } } as unknown as AnalysedImage;
}

describe("hintOf", () => {
  it.each([
    [image(["glare", "motion"], ["row_tilted"]), { key: "glare", state: "bad" }],
    [image([], ["row_tilted"]), { key: "row_tilted", state: "hint" }],
    [image([], []), { key: "good", state: "good" }],
    [image([]), { key: "good", state: "good" }],
  ])("%#", (shown, expected) => expect(hintOf(shown)).toEqual(expected));
});

describe("SteadyHint", () => {
  const good: Hint = { key: "good", state: "good" };
  const glare: Hint = { key: "glare", state: "bad" };

  it("does not flicker with every other picture", () => {
    const steady = new SteadyHint();
    const shown = Array.from({ length: 20 }, (_, index) => steady.take(index % 2 ? glare : good, index * 100)?.key);
    expect(new Set(shown)).toEqual(new Set(["good"]));
  });

  it("shows what stands, and long enough to be read", () => {
    const steady = new SteadyHint();
    steady.take(good, 0);
    expect(steady.take(glare, 1000)).toBe(good);
    expect(steady.take(glare, 1400)).toBe(glare);
    steady.take(good, 1450);
    expect(steady.take(good, 1900)).toBe(glare);
    expect(steady.take(good, 2200)).toBe(good);
  });

  it("says nothing at once where there is no picture", () => {
    const steady = new SteadyHint();
    steady.take(glare, 0);
    expect(steady.take(null, 10)).toBeNull();
  });
});

describe("neighbourPlacement", () => {
  const order = (["B", "C"] as const).map((sector) => ({ hand: "left", finger: "index", sector }) as const);
  it.each([
    ["B", 1, "C"],
    ["C", 1, "C"],
    ["B", -1, "B"],
    ["unknown", 1, "B"],
  ] as const)("%s %s", (sector, step, expected) => {
    expect(neighbourPlacement({ hand: "left", finger: "index", sector }, order, step).sector).toBe(expected);
  });
});

describe("parseAvi", () => {
  it("refuses what is no AVI", () => {
    expect(() => parseAvi(new ArrayBuffer(40))).toThrow(/not an AVI/);
  });
});
