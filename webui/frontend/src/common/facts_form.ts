// The fields of the report's form, wherever a page asks for them.

/** What is filled in, by the keys of the form; numbers as numbers. */
export function statedFacts(form: ParentNode): Record<string, string | number> {
  const facts: Record<string, string | number> = {};
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[data-fact]")) {
    const { fact } = field.dataset;
    if (fact && field.value.trim()) facts[fact] = field.type === "number" ? Number(field.value) : field.value.trim();
  }
  return facts;
}
