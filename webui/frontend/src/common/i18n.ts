// Every word on the pages comes from webui/texts/<language>.json, which the server's templates read too; those of figures
// and of reasons against a picture come from appliance/texts, where one entry has them in every language.
// The page loads src/languages/<language>.ts before any other script, which hands its texts to `speak`.

import figures from "../../../../appliance/texts/figures.json";
import reasons from "../../../../appliance/texts/quality.json";
import type en from "../../../texts/en.json";

export type LanguageName = "en" | "es" | "fr" | "de" | "it";
/** The same text in every language, or one a language. */
type Word = string | Record<LanguageName, string>;
type FigureWord = "name" | "unit" | "definition" | "source";
type Texts = typeof en & { metrics: Record<string, Record<FigureWord, string>>; quality: Record<string, string> };

type Keys<Node, Prefix extends string = ""> = {
  [Name in keyof Node & string]: Node[Name] extends string ? `${Prefix}${Name}` : Keys<Node[Name], `${Prefix}${Name}.`>;
}[keyof Node & string];

export type TextKey = Keys<Texts>;

let spoken: Texts;
let decimalSign: string;

/** From now on every text comes from this catalogue. */
export function speak(texts: typeof en, name: LanguageName): void {
  const inLanguage = (word: Word) => (typeof word === "string" ? word : word[name]);
  const figureWords = Object.entries(figures).map(([key, { name, unit, definition, source }]) => {
    const words: Record<FigureWord, Word> = { name, unit, definition, source };
    return [key, Object.fromEntries(Object.entries(words).map(([part, word]) => [part, inLanguage(word)]))];
  });
  const reasonWords = Object.entries(reasons).map(([key, { page }]) => [key, inLanguage(page)]);
  spoken = {
    ...texts,
    metrics: { ...texts.metrics, ...Object.fromEntries(figureWords) },
    quality: { ...texts.quality, ...Object.fromEntries(reasonWords) },
  };
  decimalSign = (1.1).toLocaleString(language()).charAt(1);
}

/** The language of the page, as the browser's own formatters take it. */
export function language(): string {
  const found = typeof document === "undefined" ? "en" : document.documentElement.lang;
  return found === "en" ? "en-GB" : found;
}

/** The text under a dotted key with `{name}` filled in. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const found = key.split(".").reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], spoken);
  return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, written(value)), String(found));
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
  return value === null || value === undefined ? t("unmeasured") : withSign(value.toFixed(decimals));
}

function written(value: string | number): string {
  return typeof value === "number" ? withSign(String(value)) : value;
}

function withSign(digits: string): string {
  return digits.replace(".", decimalSign);
}
