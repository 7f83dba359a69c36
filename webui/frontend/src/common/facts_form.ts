// What stands in a form, as the API takes it.

type Field = HTMLInputElement | HTMLSelectElement;

/** What is filled in of the report's form, by its keys. */
export function statedFacts(form: ParentNode): Record<string, string | number> {
  return filledIn(form.querySelectorAll<Field>("[data-fact]"), (field) => field.dataset["fact"] ?? "");
}

/** What is filled in of the fields that have a name, by their names. */
export function namedFields(form: ParentNode): Record<string, string | number> {
  return filledIn(form.querySelectorAll<Field>("[name]"), (field) => field.name);
}

/** Numbers are numbers, what is left empty is left out, and of a group of radio buttons the one that is on counts. */
export function filledIn<F extends Pick<Field, "type" | "value"> & { checked?: boolean }>(
  fields: Iterable<F>,
  keyOf: (field: F) => string,
): Record<string, string | number> {
  const found: Record<string, string | number> = {};
  for (const field of fields) {
    const text = field.value.trim();
    if (!text || (field.type === "radio" && !field.checked)) continue;
    found[keyOf(field)] = field.type === "number" ? Number(text) : text;
  }
  return found;
}
