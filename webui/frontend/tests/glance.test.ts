import { describe, expect, it } from "vitest";
import { pictureAt } from "../src/live/earlier";
import { doneWords } from "../src/live/now_strip";
import type { ExamDocument } from "../src/live/protocol";
import { overallOf } from "../src/live/status_bar";
import { SteadyDensity } from "../src/live/steady_density";
import { WHOLE, moved, zoomed } from "../src/live/zoom";

const at = (perMm: number) => ({ perMm, ci95: 1.2 });

describe("the density that is shown", () => {
  it("is the median of the last second", () => {
    const steady = new SteadyDensity();
    steady.take(1, at(6), 0);
    steady.take(2, at(9), 300);
    expect(steady.take(3, at(7), 600)?.perMm).toBe(7);
    expect(steady.take(4, at(8), 1500)?.perMm).toBe(7);
    expect(steady.take(4, at(8), 3000)?.perMm).toBe(8);
  });

  it("is none where most of that second could not be counted", () => {
    const steady = new SteadyDensity();
    steady.take(1, at(6), 0);
    expect(steady.take(2, null, 200)?.perMm).toBe(6);
    expect(steady.take(3, null, 400)).toBeNull();
  });

  it("starts anew after a gap", () => {
    const steady = new SteadyDensity();
    steady.take(1, at(6), 0);
    steady.forget();
    expect(steady.take(2, null, 100)).toBeNull();
  });
});

describe("the window on the live picture", () => {
  it("keeps the point under the pointer where it is", () => {
    const near = zoomed(WHOLE, 2, [300, 100], 640, 480);
    expect(near).toEqual({ zoom: 2, x: 150, y: 50 });
  });

  it("never leaves the picture, nor goes out further than the whole", () => {
    expect(zoomed(WHOLE, 0.2, [0, 0], 640, 480)).toEqual(WHOLE);
    expect(moved({ zoom: 2, x: 0, y: 0 }, -50, 9999, 640, 480)).toEqual({ zoom: 2, x: 0, y: 240 });
  });
});

describe("the one dot", () => {
  const chip = (state: "good" | "warn" | "bad" | "unknown", value: string) => ({ state, value, detail: "" });

  it("says the worst in its own words", () => {
    expect(overallOf({ camera: chip("good", "20 /s"), broker: chip("unknown", "off") })).toEqual({ state: "good", words: "All well" });
    expect(overallOf({ outbox: chip("warn", "4 waiting"), camera: chip("bad", "lost") })).toEqual({ state: "bad", words: "Camera: lost" });
  });
});

describe("the previous exam", () => {
  const place = { hand: "left", finger: "ring", sector: "B" } as const;
  const exam = (exam_id: string, ...pictures: object[]) => ({ exam_id, started_at_utc: "2026-05-01T10:00:00.000Z", pictures }) as never;

  it("is the newest that has a still of that very place", () => {
    const exams = [exam("new", { ...place, sector: "C", image_id: "a", kind: "still" }, { ...place, image_id: "b", kind: "clip" }), exam("old", { ...place, image_id: "c", kind: "still" })];
    expect(pictureAt(exams, place)).toMatchObject({ exam_id: "old", image_id: "c" });
    expect(pictureAt(exams, { ...place, hand: "right" })).toBeNull();
  });
});

describe("how far the exam is", () => {
  it("is told by the protocol, or counted without one", () => {
    const exam = { protocol: "16", placements: [{ hand: "left", finger: "index", sector: "B" }], images: [], skipped: [] } as unknown as ExamDocument;
    expect(doneWords(exam)).toBe("0 of 1");
    expect(doneWords({ ...exam, protocol: "free" })).toBe("0 images");
  });
});
