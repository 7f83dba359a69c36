import { describe, expect, it } from "vitest";

import written from "../../../tests/data/plural_forms.json";
import { filled } from "../src/common/plural_forms";

const cases = written as unknown as [string, string, Record<string, string | number>, string][];

describe("forms of a count", () => {
  it("are those of the station", () => {
    for (const [language, text, values, said] of cases) expect(filled(text, language, values, String)).toBe(said);
  });

  it("are not guessed where no count was given", () => {
    expect(() => filled("{count, plural, one {#} other {#}}", "en", {}, String)).toThrow(/count/);
  });
});
