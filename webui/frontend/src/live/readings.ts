// The figures beside the picture.

import type { AnalysedImage, Metrics } from "../common/analysis";
import type { FrameHeader } from "./protocol";
import { SteadyDensity } from "./steady_density";
import { need, setAttribute, setText } from "../common/dom";
import { type Cut, decimalsOfValue, intervalWords } from "../common/honest_digits";
import { figure, t, tWord } from "../common/i18n";

export type Band = "normal" | "lowered" | "extremely_lowered";

/** The cuts come with the page, from the one table that the reports use too. */
export function bandOf(densityPerMm: number, normalFrom: number, extremeUpTo: number): Band {
  if (densityPerMm >= normalFrom) return "normal";
  return densityPerMm > extremeUpTo ? "lowered" : "extremely_lowered";
}

/** The bands at both ends of a density's interval: one word only where the whole interval lies in one band. */
export function bandsWithin(densityPerMm: number, off: number, normalFrom: number, extremeUpTo: number): [low: Band, high: Band] {
  return [bandOf(densityPerMm - off, normalFrom, extremeUpTo), bandOf(densityPerMm + off, normalFrom, extremeUpTo)];
}

const SCALE_END_PER_MM = 12;

export class Readings {
  private readonly root = need("#readings");
  private readonly density = need(".density");
  private readonly band = need("#band");
  private readonly steady = new SteadyDensity();
  private readonly marker = need("#density-marker");

  /** Figures of the picture on the screen; null where no current picture is shown. Then, and where it is not evaluable, no figure stays. */
  show(header: Pick<FrameHeader, "seq" | "image" | "density_ci95_per_mm"> | null): void {
    const image = header?.image ?? null;
    setAttribute(this.root, "data-fresh", String(image !== null));
    for (const place of this.root.querySelectorAll<HTMLElement>("[data-reading]")) {
      if (place === this.density) continue;
      const key = place.dataset["reading"] as keyof Metrics;
      const value = image?.quality.evaluable ? (image.metrics[key] as number | null) : null;
      setText(need(":scope [data-value]", place), figure(value, Number(place.dataset["decimals"])));
      setAttribute(place, "data-some", String(Boolean(value)));
      setAttribute(place, "data-measured", String(value !== null));
    }
    this.showDensity(header);
    this.showTotal(image);
  }

  private showDensity(header: Pick<FrameHeader, "seq" | "image" | "density_ci95_per_mm"> | null): void {
    if (!header) this.steady.forget();
    const image = header?.image ?? null;
    const perMm = image?.quality.evaluable ? image.metrics.density_per_mm : null;
    const now = perMm === null ? null : { perMm, ci95: header!.density_ci95_per_mm };
    const steady = header && this.steady.take(header.seq, now, performance.now());
    const density = steady?.perMm ?? null;
    const decimals = density === null ? 0 : decimalsOfValue(density, steady?.ci95 ?? null, Number(this.density.dataset["decimals"]), this.cuts());
    setText(need("[data-value]", this.density), figure(density, decimals));
    setAttribute(this.density, "data-measured", String(density !== null));
    const off = steady?.ci95 ?? null;
    setText(need("[data-ci]", this.density), density === null || off === null ? "" : intervalWords(density, off, decimals));
    this.showBand(density, off ?? 0);
    this.marker.hidden = density === null;
    if (density !== null) {
      this.marker.style.left = `${Math.min(100, (density / SCALE_END_PER_MM) * 100).toFixed(1)}%`;
    }
    const because = density === null ? image?.metrics.density_unmeasurable_because : null;
    setText(need("[data-note]", this.density), because ? `${t("live.unmeasurable")}: ${tWord("unmeasurable", because)}` : "");
  }

  private showBand(density: number | null, off: number): void {
    const within = density === null ? null : bandsWithin(density, off, this.cut("normalFrom"), this.cut("extremeUpTo"));
    const words = within?.map((band) => t(`band.${band}`)) ?? [];
    const isGrey = within !== null && within[0] !== within[1];
    setText(this.band, isGrey ? t("band.between", { low: words[0]!, high: words[1]! }) : (words[0] ?? ""));
    // An interval over every band says nothing yet: the number steps back behind its interval.
    setAttribute(this.density, "data-vague", String(within?.[0] === "extremely_lowered" && within[1] === "normal"));
    setAttribute(this.band, "data-band", isGrey ? "grey" : (within?.[0] ?? ""));
  }

  private cuts(): Cut[] {
    return [[this.cut("extremeUpTo"), false], [this.cut("normalFrom"), true]];
  }

  private cut(name: "normalFrom" | "extremeUpTo"): number {
    return Number(this.density.dataset[name]);
  }

  private showTotal(image: AnalysedImage | null): void {
    const note = image?.quality.evaluable ? t("live.of_total", { total: image.metrics.capillaries_total }) : "";
    setText(need('[data-reading="capillaries_distal"] [data-note]', this.root), note);
  }
}
