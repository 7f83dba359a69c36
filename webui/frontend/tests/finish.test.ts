import { describe, expect, it } from "vitest";
import { lacking, progress } from "../src/live/finish_check";
import type { CapturedImage, ExamDocument, Placement } from "../src/live/protocol";

const place = (finger: Placement["finger"], sector: Placement["sector"]): Placement => ({ hand: "left", finger, sector });
const PLACES = [place("index", "B"), place("index", "C"), place("middle", "B"), place("middle", "C")];

function exam(more: Partial<ExamDocument>): ExamDocument {
  return { protocol: "16", placements: PLACES, images: [], skipped: [], ...more } as unknown as ExamDocument;
}

const still = (at: Placement): CapturedImage => ({ ...at, kind: "still" }) as CapturedImage;

describe("what an exam lacks", () => {
  it("is told finger by finger in the protocol's order", () => {
    const half = exam({ images: [still(PLACES[0]!)], skipped: [{ ...PLACES[3]!, reason: "cold" }] });
    expect(lacking(half)).toEqual([
      { hand: "left", finger: "index", sectors: ["C"] },
      { hand: "left", finger: "middle", sectors: ["B"] },
    ]);
    expect(progress(half)).toEqual({ done: 2, total: 4 });
  });

  it("is not given by a clip or a picture of another place", () => {
    const clip = { ...still(PLACES[0]!), kind: "clip" } as CapturedImage;
    expect(lacking(exam({ images: [clip, still(place("thumb", "B"))] }))).toHaveLength(2);
  });

  it("is nothing where no protocol asks", () => {
    expect(lacking(exam({ protocol: "free" }))).toEqual([]);
  });
});
