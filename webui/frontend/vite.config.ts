import { defineConfig } from "vitest/config";

import figures from "../../appliance/texts/figures.json" with { type: "json" };
import reasons from "../../appliance/texts/quality.json" with { type: "json" };

const LANGUAGES = ["en", "es", "fr", "de", "it"] as const;
const TABLES = "virtual:tables/";
type Language = (typeof LANGUAGES)[number];
type Word = string | Record<Language, string>;

/** The pages' words of figures and of reasons against a picture in one language, so that a browser fetches no other. */
function tablesIn(language: Language) {
  const said = (word: Word) => (typeof word === "string" ? word : word[language]);
  const metrics = Object.entries(figures).map(([key, { name, unit, definition, source }]) => {
    return [key, { name: said(name), unit: said(unit), definition: said(definition), source: said(source) }];
  });
  const quality = Object.entries(reasons).map(([key, { page }]) => [key, said(page)]);
  return { metrics: Object.fromEntries(metrics), quality: Object.fromEntries(quality) };
}

const tables = {
  name: "tables",
  resolveId: (id: string) => (id.startsWith(TABLES) ? `\0${id}` : null),
  load: (id: string) =>
    id.startsWith(`\0${TABLES}`) ? `export default ${JSON.stringify(tablesIn(id.slice(TABLES.length + 1) as Language))}` : null,
};

export default defineConfig({
  base: "/static/dist/",
  publicDir: false,
  plugins: [tables],
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // The pages' content security policy allows files of this box alone, so nothing may become a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        page: "src/page.ts",
        live: "src/live.ts",
        exam: "src/exam.ts",
        backups: "src/backups.ts",
        board: "src/board.ts",
        calibration: "src/calibration.ts",
        calibration_one: "src/calibration_one.ts",
        exports: "src/exports.ts",
        files: "src/files.ts",
        import: "src/import.ts",
        organise: "src/organise.ts",
        report: "src/report.ts",
        report_settings: "src/report_settings.ts",
        review: "src/review.ts",
        trends: "src/trends.ts",
        style: "src/styles/main.css",
        ...Object.fromEntries(LANGUAGES.map((language) => [`texts_${language}`, `src/languages/${language}.ts`])),
      },
    },
  },
  test: { include: ["tests/**/*.test.ts"], setupFiles: ["src/languages/en.ts"] },
});
