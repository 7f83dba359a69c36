// The figures beside the picture.

import type { AnalysedImage, Metrics } from "../common/analysis";
import { need, setAttribute, setText } from "../common/dom";
import { figure, t, tWord } from "../common/i18n";

export type Band = "normal" | "lowered" | "extremely_lowered";

/** The cuts come with the page, from the one table that the reports use too. */
export function bandOf(densityPerMm: number, normalFrom: number, extremeUpTo: number): Band {
  if (densityPerMm >= normalFrom) return "normal";
  return densityPerMm > extremeUpTo ? "lowered" : "extremely_lowered";
}

const SCALE_END_PER_MM = 12;

export class Readings {
  private readonly root = need("#readings");
  private readonly density = need(".density");
  private readonly band = need("#band");
  private readonly marker = need("#density-marker");

  /** Figures of the picture on the screen; null where no current picture is shown. Then, and where it is not evaluable, no figure stays. */
  show(image: AnalysedImage | null): void {
    setAttribute(this.root, "data-fresh", String(image !== null));
    for (const place of this.root.querySelectorAll<HTMLElement>("[data-reading]")) {
      const key = place.dataset["reading"] as keyof Metrics;
      const value = image?.quality.evaluable ? (image.metrics[key] as number | null) : null;
      setText(need(":scope [data-value]", place), figure(value, Number(place.dataset["decimals"])));
      setAttribute(place, "data-some", String(Boolean(value)));
      setAttribute(place, "data-measured", String(value !== null));
    }
    this.showDensity(image);
    this.showTotal(image);
  }

  private showDensity(image: AnalysedImage | null): void {
    const density = image?.metrics.density_per_mm ?? null;
    const band = density === null ? "" : bandOf(density, this.cut("normalFrom"), this.cut("extremeUpTo"));
    setText(this.band, band && t(`band.${band}`));
    setAttribute(this.band, "data-band", band);
    this.marker.hidden = density === null;
    if (density !== null) {
      this.marker.style.left = `${Math.min(100, (density / SCALE_END_PER_MM) * 100).toFixed(1)}%`;
    }
    const because = image?.metrics.density_unmeasurable_because;
    setText(need("[data-note]", this.density), because ? `${t("live.unmeasurable")}: ${tWord("unmeasurable", because)}` : "");
  }

  private cut(name: "normalFrom" | "extremeUpTo"): number {
    return Number(this.density.dataset[name]);
  }

  private showTotal(image: AnalysedImage | null): void {
    const note = image?.quality.evaluable ? t("live.of_total", { total: image.metrics.capillaries_total }) : "";
    setText(need('[data-reading="capillaries_distal"] [data-note]', this.root), note);
  }
}
