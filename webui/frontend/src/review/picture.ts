// The still with brightness, contrast and the red-free view applied; what is measured stays the still itself.

import { AS_CAPTURED, type PictureSettings, applyLevels } from "../common/picture_levels";

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
    const shown = new ImageData(new Uint8ClampedArray(data), width, height);
    applyLevels(shown.data, settings);
    this.canvas.getContext("2d")!.putImageData(shown, 0, 0);
  }
}
