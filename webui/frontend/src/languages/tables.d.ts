// What vite.config.ts makes of appliance/texts: the words of figures and of reasons against a picture, in one language.

export interface Tables {
  metrics: Record<string, Record<"name" | "unit" | "definition" | "source", string>>;
  quality: Record<string, string>;
}
