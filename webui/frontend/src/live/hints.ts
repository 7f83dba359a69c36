// One hint at a time: what spoils the picture and what to do about it, steady enough to be read.

import type { AnalysedImage } from "../common/analysis";
import { need, setAttribute, setText } from "../common/dom";
import { tWord } from "../common/i18n";

const APPEAR_MS = 350;
const STAY_MS = 700;

export const GOOD = "good";

export interface Hint {
  key: string;
  /** "bad": the picture cannot be evaluated; "hint": it can, but a better one is near. */
  state: "good" | "bad" | "hint";
}

/** What to say of a picture: the worst reason against it, else the most useful hint. */
export function hintOf(image: AnalysedImage): Hint {
  const [reason] = image.quality.reasons;
  if (reason !== undefined) return { key: reason, state: "bad" };
  const [hint] = image.quality.hints ?? [];
  return hint === undefined ? { key: GOOD, state: "good" } : { key: hint, state: "hint" };
}

/**
 * A reason that comes with every other picture must not flicker: another hint is shown once it has stood for a moment,
 * and one that is shown stays long enough to be read.
 */
export class SteadyHint {
  private shown: Hint | null = null;
  private shownAtMs = 0;
  private next: Hint | null = null;
  private nextSinceMs = 0;

  /** The hint to show now that a picture says `hint`; null without a picture, which is said at once. */
  take(hint: Hint | null, nowMs: number): Hint | null {
    if (hint === null || this.shown === null) return this.show(hint, nowMs);
    if (hint.key === this.shown.key) {
      this.next = null;
      return this.shown;
    }
    if (this.next?.key !== hint.key) {
      this.next = hint;
      this.nextSinceMs = nowMs;
    }
    const hasStood = nowMs - this.nextSinceMs >= APPEAR_MS;
    return hasStood && nowMs - this.shownAtMs >= STAY_MS ? this.show(hint, nowMs) : this.shown;
  }

  private show(hint: Hint | null, nowMs: number): Hint | null {
    this.shown = hint;
    this.shownAtMs = nowMs;
    this.next = null;
    return hint;
  }
}

export class HintBadge {
  private readonly badge = need("#quality");
  private readonly steady = new SteadyHint();

  show(image: AnalysedImage | null): void {
    const hint = this.steady.take(image && hintOf(image), performance.now());
    setAttribute(this.badge, "data-state", hint?.state ?? "unknown");
    if (!hint) return;
    // "Out of focus: turn the focus ring slowly": what it is, then what to do.
    const words = tWord("quality", hint.key);
    const colon = words.indexOf(": ");
    setText(need("[data-what]", this.badge), colon < 0 ? words : words.slice(0, colon));
    setText(need("[data-do]", this.badge), colon < 0 ? "" : words.charAt(colon + 2).toUpperCase() + words.slice(colon + 3));
    setAttribute(need("use", this.badge), "href", `#q-${hint.key}`);
  }
}
