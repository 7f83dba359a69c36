// Whom the operator may mean by what was typed.

import type { PatientEntryDocument } from "../generated/api";

/** The patient that an exam is for: one who is known, or a new one who was called so. */
export type Chosen = { kind: "known"; patient: PatientEntryDocument } | { kind: "new"; pseudonym: string; isAnother?: boolean };

const MOST_SIMILAR = 3;

/** What the list offers: who was found, and a new patient where nobody has that very pseudonym. */
export function offered(found: readonly PatientEntryDocument[], typed: string): Chosen[] {
  const known: Chosen[] = found.map((patient) => ({ kind: "known", patient }));
  const pseudonym = typed.trim();
  if (!pseudonym || found.some((one) => isSame(one.pseudonym, pseudonym))) return known;
  return [...known, { kind: "new", pseudonym }];
}

/** The offer that Enter takes when none was picked: the patient of that very pseudonym, else the only one, else a new one. */
export function meant(offers: readonly Chosen[], typed: string): Chosen | null {
  const exact = offers.find((one) => one.kind === "known" && isSame(one.patient.pseudonym, typed.trim()));
  return exact ?? offers.find((one) => one.kind === "new") ?? (offers.length === 1 ? offers[0]! : null);
}

/** Pseudonyms that differ from what was typed by a slip of the hand. */
export function similar(patients: readonly PatientEntryDocument[], typed: string): PatientEntryDocument[] {
  return patients.filter((patient) => distance(plain(patient.pseudonym), plain(typed)) === 1).slice(0, MOST_SIMILAR);
}

export function isSame(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(text: string): string {
  return text.trim().toLocaleLowerCase();
}

/** Letters to change, leave out, put in or swap with their neighbour (optimal string alignment). */
export function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}
