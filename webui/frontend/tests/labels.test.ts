import { describe, expect, it } from "vitest";
import { type LabelRequest, type PlacedLabel, overlaps, placeLabels } from "../src/common/labels";

const BOUNDS = { x: 0, y: 0, w: 800, h: 600 };

function request(key: string, x: number, priority = 1, y = 200): LabelRequest {
  return { key, anchor: { x, y, w: 20, h: 80 }, w: 34, h: 18, priority };
}

function overlapping(placed: PlacedLabel[]): [string, string][] {
  return placed.flatMap((a, index) =>
    placed.slice(index + 1).flatMap((b) => (overlaps(a.rect, b.rect) ? [[a.key, b.key] as [string, string]] : [])),
  );
}

describe("placeLabels", () => {
  it("puts a lone label above the middle of its box", () => {
    const [placed] = placeLabels([request("a", 100)], BOUNDS, new Map());
    expect(placed!.rect).toEqual({ x: 93, y: 179, w: 34, h: 18 });
  });

  it("never lets two labels cover each other, even among thirty loops", () => {
    const crowd = Array.from({ length: 30 }, (_, index) => request(`t${index}`, 20 + index * 24, index % 5, 150 + (index % 3) * 12));
    const placed = placeLabels(crowd, BOUNDS, new Map());
    expect(overlapping(placed)).toEqual([]);
    expect(placed.length).toBeGreaterThan(20);
  });

  it("leaves out the least important where there is no room", () => {
    const crowd = Array.from({ length: 12 }, (_, index) => request(`t${index}`, 300, index));
    const placed = placeLabels(crowd, BOUNDS, new Map());
    expect(placed.length).toBeLessThan(12);
    expect(placed.map(({ key }) => key)).toContain("t11");
    expect(placed.map(({ key }) => key)).not.toContain("t0");
  });

  it("keeps a label on the side that it had in the last frame", () => {
    const neighbours = [request("left", 100, 2), request("right", 118, 1)];
    const first = placeLabels(neighbours, BOUNDS, new Map());
    const sides = new Map(first.map(({ key, side }) => [key, side]));
    expect(sides.get("right")).not.toBe(0);
    const alone = placeLabels([request("right", 118, 1)], BOUNDS, sides);
    expect(alone[0]!.side).toBe(sides.get("right"));
  });

  it("keeps every label inside the picture", () => {
    const edges = [request("top", 100, 1, 5), request("left", 0), request("right", 780), request("corner", 790, 1, 0)];
    for (const { rect } of placeLabels(edges, BOUNDS, new Map())) {
      expect(rect.x).toBeGreaterThanOrEqual(0);
      expect(rect.y).toBeGreaterThanOrEqual(0);
      expect(rect.x + rect.w).toBeLessThanOrEqual(800);
    }
  });
});
