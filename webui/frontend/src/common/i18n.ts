// Every word on the pages comes from webui/texts/<language>.json, which the server's templates read too.

import en from "../../../texts/en.json";

type Keys<Node, Prefix extends string = ""> = {
  [Name in keyof Node & string]: Node[Name] extends string ? `${Prefix}${Name}` : Keys<Node[Name], `${Prefix}${Name}.`>;
}[keyof Node & string];

export type TextKey = Keys<typeof en>;

const catalogues: Record<string, typeof en> = { en };

function catalogue(): typeof en {
  const language = typeof document === "undefined" ? "en" : document.documentElement.lang;
  return catalogues[language] ?? en;
}

/** The text under a dotted key with `{name}` filled in. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const found = key.split(".").reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], catalogue());
  return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, String(value)), String(found));
}

/** As `t`, for keys that the station sends ("out_of_focus"); the raw word where the catalogue has none. */
export function tWord(group: "quality" | "origin" | "hand" | "finger" | "sector" | "morphology" | "size" | "unmeasurable" | "kind", word: string): string {
  const words = catalogue()[group] as Record<string, string>;
  return words[word] ?? word;
}

/** A number with fixed decimals, or an en dash where it could not be measured. */
export function figure(value: number | null | undefined, decimals = 0): string {
  return value === null || value === undefined ? t("unmeasured") : value.toFixed(decimals);
}
