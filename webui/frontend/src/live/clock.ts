// The station's monotonic clock, as seen from this page.

interface Sample {
  roundTripMs: number;
  offsetMs: number;
}

const KEPT_SAMPLES = 8;

/**
 * Maps the station's monotonic time to this page's clock by ping and answer, as NTP does: the answer is taken to have
 * been given half-way through the round trip, and of the last eight the fastest is trusted, because its half-way point
 * is the least uncertain. The error is at most half of that round trip.
 */
export class StationClock {
  private samples: Sample[] = [];

  /** Takes in an answer; all times in milliseconds, `sentMs` and `receivedMs` on the page's clock. */
  answered(sentMs: number, receivedMs: number, stationMs: number): void {
    const sample = { roundTripMs: receivedMs - sentMs, offsetMs: stationMs - (sentMs + receivedMs) / 2 };
    this.samples = [...this.samples, sample].slice(-KEPT_SAMPLES);
  }

  /** Forget everything: after a reconnect it may be another boot of the station with another clock. */
  reset(): void {
    this.samples = [];
  }

  get isKnown(): boolean {
    return this.samples.length > 0;
  }

  get roundTripMs(): number | null {
    return this.best?.roundTripMs ?? null;
  }

  /** Milliseconds from the station's `monotonicS` to `nowMs` on the page's clock; null before the first answer. */
  ageMs(monotonicS: number, nowMs: number): number | null {
    const best = this.best;
    return best ? nowMs + best.offsetMs - monotonicS * 1000 : null;
  }

  private get best(): Sample | undefined {
    return this.samples.reduce<Sample | undefined>(
      (best, sample) => (best && best.roundTripMs <= sample.roundTripMs ? best : sample),
      undefined,
    );
  }
}
