import { describe, expect, it } from "vitest";
import type { PatientEntryDocument } from "../src/generated/api";
import { distance, meant, offered, similar } from "../src/live/patient_choice";
import { filledIn } from "../src/common/facts_form";
import { linesOf } from "../src/common/patient_words";

function patient(pseudonym: string, more: Partial<PatientEntryDocument> = {}): PatientEntryDocument {
  return { patient_id: pseudonym, pseudonym, created_at_utc: "2026-01-01T00:00:00.000Z", identity: null, is_sealed: false, exams: 0, last_exam_at_utc: null, ...more };
}

const KNOWN = [patient("NC-0042"), patient("NC-0017"), patient("NC-0420")];

describe("the patient of a new exam", () => {
  it("is new only where nobody has that very pseudonym, whatever its case", () => {
    expect(offered(KNOWN.slice(0, 1), "nc-0042").map((one) => one.kind)).toEqual(["known"]);
    expect(offered(KNOWN.slice(0, 1), "NC-004").map((one) => one.kind)).toEqual(["known", "new"]);
    expect(offered([], " NC-9 ")).toEqual([{ kind: "new", pseudonym: "NC-9" }]);
    expect(offered(KNOWN, "")).toHaveLength(3);
  });

  it("is by Enter the one of that pseudonym, never another who was merely found", () => {
    expect(meant(offered(KNOWN, "nc-0017"), "nc-0017")).toMatchObject({ patient: { pseudonym: "NC-0017" } });
    expect(meant(offered(KNOWN.slice(0, 1), "NC-004"), "NC-004")).toEqual({ kind: "new", pseudonym: "NC-004" });
    expect(meant([], "")).toBeNull();
  });

  it("may have been mistyped: those who differ by a slip are offered", () => {
    expect(similar(KNOWN, "NC-0024").map((one) => one.pseudonym)).toEqual(["NC-0042"]);
    expect(similar(KNOWN, "NC-0042").map((one) => one.pseudonym)).not.toContain("NC-0042");
    expect(similar(KNOWN, "RX-9177")).toEqual([]);
    expect([distance("ab", "ba"), distance("abc", "abd"), distance("", "ab")]).toEqual([1, 1, 2]);
  });

  it("is told apart by name, birth date and last exam", () => {
    const identity = { name: "María García", birth_date: "1968-03-09", sex: null, clinic_number: "", note: "" };
    expect(linesOf(patient("NC-0042", { identity, last_exam_at_utc: "2026-06-01T10:00:00.000Z" }))).toEqual([
      "NC-0042",
      "María García, born 9 Mar 1968",
      "last exam 1 Jun 2026",
    ]);
    expect(linesOf(patient("NC-1"))).toEqual(["NC-1", "", "no exam yet"]);
  });
});

describe("what is said at the start of an exam", () => {
  const radio = (value: string, checked: boolean) => ({ name: "protocol", type: "radio", value, checked });

  it("is sent by the names of the fields, without what is left empty", () => {
    const typed = { name: "age", type: "number", value: "45" };
    const empty = { name: "note", type: "text", value: " " };
    const said = filledIn([radio("32", false), radio("16", true), typed, empty], (field) => field.name);
    expect(said).toEqual({ protocol: "16", age: 45 });
  });
});
