// Texts with blanks, and with the forms of a count, as appliance/texts/plural_forms.py describes them.

const BLANK = /\{(\w+)(?:, plural,((?: \w+ \{[^{}]*\})+))?\}/g;
const FORM = / (\w+) \{([^{}]*)\}/g;

type Values = Readonly<Record<string, string | number>>;

/** The text with its blanks filled in once. Throws where a count was not given; a blank without a value stays. */
export function filled(text: string, language: string, values: Values, write: (value: string | number) => string): string {
  return text.replace(BLANK, (blank, name: string, forms?: string) => {
    const value = values[name];
    if (forms === undefined) return value === undefined ? blank : write(value);
    if (value === undefined) throw new Error(`the count ${name} of "${text}" was not given`);
    const of = new Map([...forms.matchAll(FORM)].map(([, category, words]) => [category!, words!]));
    return (of.get(category(value, language)) ?? of.get("other")!).replaceAll("#", write(value));
  });
}

function category(count: string | number, language: string): Intl.LDMLPluralRule {
  const isWhole = typeof count === "number" ? Number.isInteger(count) : /^\d+$/.test(count);
  return isWhole ? rule(language).select(Number(count)) : "other";
}

let known: { language: string; rules: Intl.PluralRules } | null = null;

function rule(language: string): Intl.PluralRules {
  if (known?.language !== language) known = { language, rules: new Intl.PluralRules(language) };
  return known.rules;
}
