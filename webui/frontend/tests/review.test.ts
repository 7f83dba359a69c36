import { describe, expect, it } from "vitest";

import type { AnalysedImage, Capillary } from "../src/common/analysis";
import {
  type View,
  boxBetween,
  clamped,
  findingAt,
  fitted,
  inReadingOrder,
  measure,
  numbersOf,
  outwards,
  toImage,
  toScreen,
  withSegment,
  zoomedAt,
} from "../src/review/geometry";
import { change, describe as describeEntry } from "../src/review/history";
import { applyLevels, levels } from "../src/common/picture_levels";
import type { HistoryEntry } from "../src/review/protocol";

function loop(x: number, y: number, w: number, h: number): Capillary {
  return {
    bbox_px: [x, y, w, h],
    score: 0.9,
    track_id: null,
    row: "distal",
    morphology: "normal",
    size: "normal",
    size_basis: "measured",
    size_is_near_cut: false,
    apex_px: [x, y],
    segments_px: { apical: [[x, y], [x, y + 10]], arterial: null, venous: null },
    widths_px: { apical: 10, arterial: null, venous: null },
    widths_um: { apical: 15, arterial: null, venous: null },
  };
}

const IMAGE = {
  width: 640,
  height: 480,
  um_per_px: 1.5,
  capillaries: [loop(300, 100, 80, 200), loop(320, 150, 30, 60), loop(20, 100, 40, 100)],
  haemorrhages: [{ bbox_px: [100, 20, 20, 20], score: 0.8 }],
} as unknown as AnalysedImage;
const NAMES = {
  capillaries: [{ finding_id: "m1" }, { finding_id: "m2" }, { finding_id: "m3" }],
  haemorrhages: [{ finding_id: "h1" }],
};

describe("the view", () => {
  const view: View = { x: 12, y: -30, zoom: 2.5 };

  it("goes to the screen and back", () => {
    const [x, y] = toImage(view, toScreen(view, [17.25, 301.5]));
    expect([x, y]).toEqual([expect.closeTo(17.25), expect.closeTo(301.5)]);
  });

  it("puts the centre of the top-left pixel half a pixel inside the picture's corner", () => {
    expect(toScreen({ x: 0, y: 0, zoom: 4 }, [0, 0])).toEqual([2, 2]);
  });

  it("keeps the point under the pointer while it zooms", () => {
    const at: [number, number] = [200, 150];
    const before = toImage(view, at);
    const after = toImage(zoomedAt(view, at, 1.7, 0.1), at);
    expect(after).toEqual([expect.closeTo(before[0]), expect.closeTo(before[1])]);
  });

  it("fits the whole picture and never loses it", () => {
    expect(fitted(640, 480, 320, 480)).toEqual({ x: 0, y: 120, zoom: 0.5 });
    const lost = clamped({ x: 9999, y: -9999, zoom: 1 }, 640, 480, 800, 600);
    expect([lost.x, lost.y]).toEqual([600, 150 - 480]);
  });
});

describe("findings under the pointer", () => {
  it("reaches the smaller of two boxes that overlap", () => {
    expect(findingAt(IMAGE, NAMES, [330, 170], 0)).toBe("m2");
    expect(findingAt(IMAGE, NAMES, [310, 290], 0)).toBe("m1");
    expect(findingAt(IMAGE, NAMES, [110, 30], 0)).toBe("h1");
    expect(findingAt(IMAGE, NAMES, [600, 470], 0)).toBeNull();
  });

  it("steps along the distal row, then the other rows, then the haemorrhages, and numbers them so", () => {
    const image = { ...IMAGE, capillaries: IMAGE.capillaries.map((one, at) => (at === 2 ? { ...one, row: "other" as const } : one)) };
    expect(inReadingOrder(IMAGE, NAMES)).toEqual(["m3", "m1", "m2", "h1"]);
    expect(inReadingOrder(image, NAMES)).toEqual(["m1", "m2", "m3", "h1"]);
    expect([...numbersOf(image, NAMES)]).toEqual([["m1", "1"], ["m2", "2"], ["m3", "3"], ["h1", "H1"]]);
  });

  it("has its handles beside the column, on the width's own line", () => {
    expect(outwards([0, 0], [3, 4], 10)).toEqual([6, 8]);
    expect(outwards([5, 5], [5, 5], 10)).toEqual([0, -10]);
  });

  it("is drawn the same from any corner", () => {
    expect(boxBetween([50, 80], [20, 30])).toEqual({ x: 20, y: 30, w: 30, h: 50 });
  });
});

describe("live measurements", () => {
  it.each([
    [13.3, "normal"],
    [13.4, "enlarged"],
    [33.3, "enlarged"],
    [33.4, "giant"],
  ])("%s px at 1.5 um is %s", (px, size) => {
    expect(measure([[0, 0], [px, 0]], 1.5)).toMatchObject({ size, um: expect.closeTo(px * 1.5), isNearCut: true });
  });

  it("stay in pixels without a scale", () => {
    expect(measure([[0, 0], [3, 4]], null)).toEqual({ px: 5, um: null, size: null, isNearCut: false });
  });

  it("move the apex with the outer end of the apical width and leave the original alone", () => {
    const moved = withSegment(IMAGE, 1, "apical", [[325, 140], [325, 170]]);
    expect(moved.capillaries[1]).toMatchObject({ apex_px: [325, 140], widths_um: { apical: 45 } });
    expect(IMAGE.capillaries[1]!.apex_px).toEqual([320, 150]);
  });
});

describe("the picture", () => {
  it("is as captured by default", () => {
    const table = levels({ brightness: 0, contrast: 0, isGreen: false });
    expect([...table]).toEqual(Array.from({ length: 256 }, (_, level) => level));
  });

  it("gets brighter and stays in range", () => {
    const table = levels({ brightness: 100, contrast: 50, isGreen: false });
    expect([table[0], table[128], table[255]]).toEqual([0, 255, 255]);
  });
});

describe("the red-free view", () => {
  it("is the green channel in all three, and leaves what is transparent alone", () => {
    const pixels = new Uint8ClampedArray([200, 90, 40, 255]);
    applyLevels(pixels, { brightness: 0, contrast: 0, isGreen: true });
    expect([...pixels]).toEqual([90, 90, 90, 255]);
  });
});

describe("the log", () => {
  const CALLED = { findings: new Map([["m3", "7"]]), people: {} };
  const entry = (action: string, detail: HistoryEntry["detail"]): HistoryEntry => ({
    seq: 1,
    at_utc: "2026-11-22T12:00:00Z",
    actor: "p.klein",
    action,
    hash: "",
    detail,
  });

  it("tells a width before and after", () => {
    const widths = (apical: number) => ({ widths_um: { apical, arterial: null, venous: null } });
    const dragged = entry("review.edited", {
      edit: { kind: "set_width", finding_id: "m3", width: "apical" },
      before: widths(18),
      after: widths(54.2),
    });
    expect(describeEntry(dragged, CALLED)).toBe("Apex width of 7");
    expect(change(dragged)).toEqual(["18.0 µm", "54.2 µm"]);
  });

  it("names what was undone", () => {
    const undone = entry("review.undone", { edit: { kind: "delete_capillary", finding_id: "p2" } });
    expect(describeEntry(undone, CALLED)).toBe("Undone: Capillary p2 deleted");
  });
});
