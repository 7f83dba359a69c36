// A density that can be read: the median of the last second, with the uncertainty of the picture that it is of.

export interface Density {
  perMm: number;
  ci95: number | null;
}

const WINDOW_MS = 1000;

export class SteadyDensity {
  private recent: { atMs: number; seq: number; density: Density | null }[] = [];

  /** What to show at a moment; null where most of the last second's pictures could not be counted. */
  take(seq: number, density: Density | null, nowMs: number): Density | null {
    if (this.recent.at(-1)?.seq !== seq) this.recent.push({ atMs: nowMs, seq, density });
    this.recent = this.recent.filter(({ atMs }, at) => nowMs - atMs <= WINDOW_MS || at === this.recent.length - 1);
    const counted = this.recent.map((one) => one.density).filter((one) => one !== null);
    if (counted.length * 2 < this.recent.length || !counted.length) return null;
    return counted.sort((one, other) => one.perMm - other.perMm)[Math.floor((counted.length - 1) / 2)]!;
  }

  forget(): void {
    this.recent = [];
  }
}
