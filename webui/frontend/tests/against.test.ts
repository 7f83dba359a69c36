import { describe, expect, it } from "vitest";
import type { Morphology } from "../src/common/analysis";
import { contradictedBy } from "../src/review/against";
import type { Edit, ImageReview } from "../src/review/protocol";

function review(apicalUm: number | null, umPerPx: number | null = 1.5): ImageReview {
  const widths_um = { apical: apicalUm, arterial: null, venous: null };
  return { capillaries: [{ finding_id: "m1" }], analysis: { um_per_px: umPerPx, capillaries: [{ widths_um }] } } as unknown as ImageReview;
}

const shape = (morphology: Morphology): Edit => ({ kind: "set_morphology", finding_id: "m1", morphology });

describe("a class against the measurement", () => {
  it.each([
    [13.5, "giant", true],
    [60, "normal", true],
    [60, "tortuous", true],
    [60, "ramified", false],
    [60, "giant", false],
    [49.5, "giant", false],
    [30, "tortuous", false],
  ] as const)("%s um as %s: asked %s", (um, morphology, isAsked) => {
    expect(contradictedBy(shape(morphology), review(um)) !== null).toBe(isAsked);
  });

  it("asks about a calibre by eye too, once, and never without a width", () => {
    expect(contradictedBy({ kind: "set_size", finding_id: "m1", size: "normal" }, review(30))).toMatchObject({ um: 30, measured: "enlarged" });
    expect(contradictedBy({ kind: "set_size", finding_id: "m1", size: null }, review(30))).toBeNull();
    expect(contradictedBy({ ...shape("giant"), against_measurement: true } as Edit, review(13.5))).toBeNull();
    expect(contradictedBy(shape("giant"), review(null))).toBeNull();
    expect(contradictedBy(shape("giant"), review(13.5, null))).toBeNull();
  });
});
