import { describe, expect, it } from "vitest";

import written from "../../../tests/data/honest_digits.json";
import { type Cut, decimalsBeside, decimalsOfValue, intervalWords, scaleDecimals, widthFigure, WIDTH_OFF_PX } from "../src/common/honest_digits";
import { rounded } from "../src/common/rounded";

interface Cases {
  beside: [number, number, number][];
  of_value: { value: number; uncertainty: number | null; most: number; cuts: Cut[]; decimals: number }[];
  rounded: [number, number, string][];
  scale: [number | null, number][];
}

const cases = written as unknown as Cases;

describe("honest digits", () => {
  it("are those of the station", () => {
    for (const [uncertainty, most, decimals] of cases.beside) expect(decimalsBeside(uncertainty, most)).toBe(decimals);
    for (const one of cases.of_value) expect(decimalsOfValue(one.value, one.uncertainty, one.most, one.cuts)).toBe(one.decimals);
    for (const [value, decimals, shown] of cases.rounded) expect(rounded(value, decimals)).toBe(shown);
    for (const [uncertainty, decimals] of cases.scale) expect(scaleDecimals(uncertainty)).toBe(decimals);
  });

  it("never show a width on the other side of the calibre that it has", () => {
    expect([19.7, 20.2, 22.4, 49.6, 50.0, 50.2].map((um) => widthFigure(um, 1.4))).toEqual(["19.7", "20", "22", "50", "50", "50.2"]);
  });

  it("print an interval that is wider than its value by its ends", () => {
    expect(intervalWords(8.1, 1.6, 1)).toBe("± 1.6");
    expect(intervalWords(7, 8.2, 0)).toBe("(0 to 15)");
  });

  it("know the error of a width", () => expect(WIDTH_OFF_PX).toBeCloseTo(2.772, 3));
});
