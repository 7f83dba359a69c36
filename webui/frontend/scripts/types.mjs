// Writes src/generated/*.ts from the JSON Schemas of the documents that the pages read.
// `npm run types` writes them; with --check, as `npm test` runs it, nothing is written and a file that is out of date fails.

import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const ROOT = new URL("../../../", import.meta.url);
const GENERATED = new URL("../src/generated/", import.meta.url);
const STYLE = { printWidth: 120 };

/** What the API answers and the WebSocket says, by its name in the API's description. */
const ANSWERS = [
  ...["TrendsAnswer", "LiveExam", "GuidedDocument", "HandMapDocument", "CalibrationsAnswer", "PatientsAnswer", "BoardAnswer"],
  ...["ButtonsDocument", "JobsAnswer", "LookAlikesAnswer"],
];

const FILES = {
  analysis: { source: "appliance/schemas/nailfold.analysis-1.schema.json", schema: (read) => ({ ...read, title: "Analysis" }) },
  api: { source: "docs/openapi.json", schema: answers },
};

/** One schema out of the API's description, with a member for each answer. */
function answers({ components }) {
  const properties = Object.fromEntries(ANSWERS.map((name) => [name, { $ref: `#/components/schemas/${name}` }]));
  return { title: "Answers", type: "object", additionalProperties: false, required: ANSWERS, properties, components };
}

/**
 * As the compiler knows it: `prefixItems` is its older `items`; which members exclude one another is the schema's to
 * check; a member's own title makes no type, and the API answers with nothing that it does not describe.
 */
function plain(node) {
  if (Array.isArray(node)) return node.map(plain);
  if (node === null || typeof node !== "object") return node;
  const { prefixItems, oneOf, title, ...rest } = node;
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, plain(value)]));
  if (inner.type === "object" && inner.properties) inner.additionalProperties ??= false;
  return prefixItems ? { ...inner, items: plain(prefixItems), additionalItems: false, maxItems: prefixItems.length } : inner;
}

async function typesOf({ source, schema }) {
  const read = schema(JSON.parse(readFileSync(new URL(source, ROOT), "utf-8")));
  const bannerComment = `// Made by \`npm run types\` from ${source}; not to be edited.`;
  return compile({ ...plain(read), title: read.title }, read.title, { bannerComment, style: STYLE });
}

const isCheck = process.argv.includes("--check");
for (const [name, file] of Object.entries(FILES)) {
  const path = new URL(`${name}.ts`, GENERATED);
  const made = await typesOf(file);
  if (!isCheck) {
    writeFileSync(path, made);
  } else if (readFileSync(path, "utf-8") !== made) {
    console.error(`src/generated/${name}.ts is not what ${file.source} says; run: npm run types`);
    process.exitCode = 1;
  }
}
