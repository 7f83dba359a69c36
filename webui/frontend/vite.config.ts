import { defineConfig } from "vitest/config";

const LANGUAGES = ["en", "es", "fr", "de", "it"];

export default defineConfig({
  base: "/static/dist/",
  publicDir: false,
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
        calibration: "src/calibration.ts",
        calibration_one: "src/calibration_one.ts",
        exports: "src/exports.ts",
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
