// Every word on the pages comes from webui/texts/<language>.json, which the server's templates read too; those of figures
// and of reasons against a picture come from appliance/texts, where one entry has them in every language.
// The page loads src/languages/<language>.ts before any other script, which hands its texts to `speak`.

import type en from "../../../texts/en.json";
import type { Tables } from "../languages/tables";
import { filled } from "./plural_forms";
import { rounded } from "./rounded";

type Texts = typeof en & Tables;

type Keys<Node, Prefix extends string = ""> = {
  [Name in keyof Node & string]: Node[Name] extends string ? `${Prefix}${Name}` : Keys<Node[Name], `${Prefix}${Name}.`>;
}[keyof Node & string];

export type TextKey = Keys<Texts>;

let spoken: Texts;
let decimalSign: string;

/** From now on every text comes from this catalogue and these words of the tables. */
export function speak(texts: typeof en, tables: Tables): void {
  spoken = {
    ...texts,
    metrics: { ...texts.metrics, ...tables.metrics },
    quality: { ...texts.quality, ...tables.quality },
  };
  decimalSign = (1.1).toLocaleString(language()).charAt(1);
}

/** The language of the page, as the browser's own formatters take it. */
export function language(): string {
  const found = typeof document === "undefined" ? "en" : document.documentElement.lang;
  return found === "en" ? "en-GB" : found;
}

/** The text under a dotted key with its blanks filled in, in the form that a count takes. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const found = key.split(".").reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], spoken);
  return filled(String(found), language(), values, written);
}

/** As `t`, for keys that the station sends ("out_of_focus"); the raw word where the catalogue has none. */
export function tWord(group: "quality" | "origin" | "hand" | "finger" | "sector" | "morphology" | "size" | "unmeasurable" | "kind", word: string): string {
  const words = spoken[group] as Record<string, string>;
  return words[word] ?? word;
}

/** A word in the middle of a line: small, except in German, whose nouns stay capital. */
export function inLine(word: string): string {
  return language() === "de" ? word : word.toLowerCase();
}

/** A number with fixed decimals and this language's decimal sign, or an en dash where it could not be measured. */
export function figure(value: number | null | undefined, decimals = 0): string {
  return value === null || value === undefined ? t("unmeasured") : withSign(rounded(value, decimals));
}

/** A day as this language writes it, of a date ("1968-03-09") or of a moment in this browser's time zone. */
export function date(of: string): string {
  const isDay = of.length === 10;
  const words: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };
  return new Date(of).toLocaleDateString(language(), isDay ? { ...words, timeZone: "UTC" } : words);
}

function written(value: string | number): string {
  return typeof value === "number" ? withSign(String(value)) : value;
}

function withSign(digits: string): string {
  return digits.replace(".", decimalSign);
}
