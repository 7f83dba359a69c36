import { describe, expect, it } from "vitest";

import type { ImportFile } from "../src/import/file_row";
import { sizesOf } from "../src/import/sized_scales";

function file(width_px: number, um_per_px: number | null, problem = ""): ImportFile {
  return { width_px, height_px: 100, um_per_px, problem } as ImportFile;
}

describe("scales by size", () => {
  it("are asked for once a size, the most frequent first, beside what the files say", () => {
    const found = sizesOf([file(640, 1.4), file(1024, null), file(1024, 2), file(1024, 2), file(0, null, "unreadable"), file(800, 1, "left out")]);
    expect(found.map(({ key, count, embedded }) => [key, count, embedded])).toEqual([["1024 × 100", 3, [2]], ["640 × 100", 1, [1.4]]]);
  });
});
