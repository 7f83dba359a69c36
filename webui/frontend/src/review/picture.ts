// The still with brightness, contrast and the red-free view applied; what is measured stays the still itself.

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

export class Picture {
  readonly canvas = document.createElement("canvas");
  settings = AS_CAPTURED;
  private original: ImageData | null = null;

  async load(url: string): Promise<void> {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the picture answered ${response.status}`);
    const bitmap = await createImageBitmap(await response.blob());
    this.canvas.width = bitmap.width;
    this.canvas.height = bitmap.height;
    const context = this.canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.original = context.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }

  show(settings: PictureSettings): void {
    this.settings = settings;
    if (!this.original) return;
    const { data, width, height } = this.original;
    const shown = new ImageData(width, height);
    const table = levels(settings);
    // Haemoglobin is darkest in green light: the green channel alone shows capillaries best.
    const [red, blue] = settings.isGreen ? [1, 1] : [0, 2];
    for (let at = 0; at < data.length; at += 4) {
      shown.data[at] = table[data[at + red]!]!;
      shown.data[at + 1] = table[data[at + 1]!]!;
      shown.data[at + 2] = table[data[at + blue]!]!;
      shown.data[at + 3] = 255;
    }
    this.canvas.getContext("2d")!.putImageData(shown, 0, 0);
  }
}
