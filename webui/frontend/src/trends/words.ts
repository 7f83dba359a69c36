// Trends in words: the line below a plot, and the cells of the table that says the same.

import { intervalWords } from "../common/honest_digits";
import { figure, language, t, type TextKey } from "../common/i18n";
import { rounded } from "../common/rounded";
import type { Change, Group, Point, Series, TrendExam } from "./protocol";

export function day(instant: string): string {
  return new Date(instant).toLocaleDateString(language(), { day: "numeric", month: "short", year: "numeric" });
}

export function groupName(group: Group): string {
  if (!group.hand || !group.finger) return t("trends.whole");
  return `${t(`hand.${group.hand}`)}, ${t(`finger.${group.finger}`)}`;
}

export function title(series: Series): string {
  const name = t(`metrics.${series.key}.name`);
  return series.is_per_image ? t("trends.per_image", { figure: name }) : name;
}

export function unit(series: Series): string {
  return series.is_per_image ? "" : t(`metrics.${series.key}.unit`);
}

/** "7.4 ± 0.5 per mm", or why there is none. */
export function valueWords(series: Series, point: Point | null): string {
  if (point === null) return t("because.skipped");
  if (point.value === null) return t(`because.${point.because}` as TextKey);
  const off = point.uncertainty === null ? "" : ` ${intervalWords(point.value, point.uncertainty, point.decimals)}`;
  return `${figure(point.value, point.decimals)}${off} ${unit(series)}`.trim();
}

/** "−2.1 since 3 Mar 2026: significant (limit 1.2)", or why there is none; empty where there is nothing to compare. */
export function changeWords(exams: TrendExam[], series: Series, point: Point | null): string {
  if (point?.is_by_another_rule) return t("trends.other_rule");
  const found = point?.change;
  if (!found) return "";
  const since = exams.find((exam) => exam.exam_id === found.since);
  const words = t("trends.change", {
    by: signed(found.by, series.decimals),
    date: since ? day(since.started_at_utc) : "",
    meaning: t(`trends.meaning.${meaning(found)}`, { limit: figure(found.limit, series.decimals) }),
  });
  return found.has_other_engines ? `${words} ${t("trends.other_engines")}` : words;
}

export function meaning(found: Change): "significant" | "within" | "beyond_uncertainty" | "within_uncertainty" | "no_limit" {
  if (found.is_significant === null) return "no_limit";
  if (found.is_limit_published) return found.is_significant ? "significant" : "within";
  return found.is_significant ? "beyond_uncertainty" : "within_uncertainty";
}

export function stateWords(exam: TrendExam): string {
  return t(exam.is_validated ? "trends.validated" : "trends.not_validated");
}

/** With its sign; what rounds to nothing has none. */
export function signed(by: number, decimals: number): string {
  const shown = Number(rounded(by, decimals));
  const sign = shown > 0 ? "+" : shown < 0 ? "\u2212" : "";
  return `${sign}${figure(Math.abs(shown), decimals)}`;
}
