import { describe, expect, it } from "vitest";
import { cellWords } from "../src/common/hand_map";
import { conditionsOf } from "../src/organise/conditions";

describe("conditionsOf", () => {
  const fixed = { folder_id: null, is_filed: null, is_archived: false };

  it("takes hand and finger from one choice", () => {
    expect(conditionsOf([["finger", "left ring"]], fixed, 2)).toEqual({ ...fixed, page: 2, hand: "left", finger: "ring" });
  });

  it("tells validated from a state", () => {
    expect(conditionsOf([["state", "validated"]], fixed, 0)["is_validated"]).toBe(true);
    expect(conditionsOf([["state", "not_validated"]], fixed, 0)["is_validated"]).toBe(false);
    expect(conditionsOf([["state", "open"]], fixed, 0)["state"]).toBe("open");
  });

  it("leaves empty fields out and keeps the text", () => {
    expect(conditionsOf([["text", ""], ["from_date", ""], ["state", ""]], fixed, 0)).toEqual({ ...fixed, page: 0, text: "" });
  });
});

describe("cellWords", () => {
  it("says where, what and why", () => {
    const place = { hand: "left", finger: "ring", sector: "B" } as const;
    const cell = { ...place, state: "not_evaluable" as const, image_ids: [], reasons: ["Reflections"] };
    expect(cellWords(cell)).toBe("Left hand, Ring, B: not evaluable (Reflections)");
  });
});
