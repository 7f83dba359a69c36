// What may be shown of a picture of a given age.

export interface Limits {
  overlayStaleMs: number;
  pictureStaleMs: number;
}

export interface Freshness {
  showOverlay: boolean;
  isPictureLive: boolean;
}

/**
 * Boxes of an old picture would sit beside the capillaries of a moving finger, so they go first; then the picture
 * itself is no longer called live. An unknown age counts as too old for boxes.
 *
 * @param ageMs capture to now; null while the station's clock is unknown.
 * @param sinceReceivedMs receipt to now, which the page always knows.
 */
export function freshness(
  ageMs: number | null,
  sinceReceivedMs: number,
  isCameraLive: boolean,
  limits: Limits,
): Freshness {
  const atLeastMs = Math.max(ageMs ?? 0, sinceReceivedMs);
  const isPictureLive = isCameraLive && atLeastMs <= limits.pictureStaleMs;
  return { isPictureLive, showOverlay: isPictureLive && ageMs !== null && atLeastMs <= limits.overlayStaleMs };
}
