// Brightness, contrast and the red-free view of a picture on screen; what is measured stays the picture itself.

export interface PictureSettings {
  brightness: number;
  contrast: number;
  isGreen: boolean;
}

export const AS_CAPTURED: PictureSettings = { brightness: 0, contrast: 0, isGreen: false };

/** What each of the 256 levels becomes; brightness and contrast from -100 to 100, 0 changes nothing. */
export function levels({ brightness, contrast }: PictureSettings): Uint8ClampedArray {
  const gain = contrast >= 0 ? 1 + (contrast / 100) * 3 : 1 + contrast / 125;
  const table = new Uint8ClampedArray(256);
  for (let level = 0; level < 256; level++) table[level] = Math.round((level - 128) * gain + 128 + brightness * 1.28);
  return table;
}

/** Whether a picture looks as it was captured. */
export function isAsCaptured({ brightness, contrast, isGreen }: PictureSettings): boolean {
  return brightness === 0 && contrast === 0 && !isGreen;
}

/** Changes RGBA pixels in place. */
export function applyLevels(pixels: Uint8ClampedArray, settings: PictureSettings): void {
  const table = levels(settings);
  // Haemoglobin is darkest in green light: the green channel alone shows capillaries best.
  const [red, blue] = settings.isGreen ? [1, 1] : [0, 2];
  for (let at = 0; at < pixels.length; at += 4) {
    const [r, g, b] = [pixels[at + red]!, pixels[at + 1]!, pixels[at + blue]!];
    pixels[at] = table[r]!;
    pixels[at + 1] = table[g]!;
    pixels[at + 2] = table[b]!;
  }
}
