// A patient in a list, in three lines.

import type { PatientEntryDocument } from "../generated/api";
import { date, t } from "./i18n";

/** Pseudonym; name and birth date; when the patient was here last. */
export function linesOf({ pseudonym, identity, is_sealed, last_exam_at_utc }: PatientEntryDocument): [string, string, string] {
  const born = identity?.birth_date ? t("start.born", { date: date(identity.birth_date) }) : "";
  const who = is_sealed ? t("start.sealed") : [identity?.name ?? "", born].filter(Boolean).join(", ");
  return [pseudonym, who, last_exam_at_utc ? t("start.last_exam", { date: date(last_exam_at_utc) }) : t("start.no_exam")];
}
