// One stored exam: every still with its result drawn from the stored document.

import type { AnalysedImage } from "./common/analysis";
import { wireClips } from "./common/clip_player";
import { need } from "./common/dom";
import { ALL_LAYERS, type Layers, Overlay } from "./common/overlay";
import { wireExamReview } from "./review/exam_panel";

const SMALL_UP_TO_PX = 420;
const SMALL: Layers = { ...ALL_LAYERS, widths: false };
const NOTHING: Layers = { boxes: false, widths: false, labels: false, haemorrhages: false };

class Still {
  private picture: ImageBitmap | null = null;
  private image: AnalysedImage | null = null;
  private readonly overlay = new Overlay();

  constructor(private readonly canvas: HTMLCanvasElement) {
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement!);
  }

  async load(): Promise<void> {
    const [picture, result] = await Promise.all([
      fetch(this.canvas.dataset["image"]!).then((response) => response.blob()),
      fetch(this.canvas.dataset["document"]!).then((response) => response.json()),
    ]);
    this.picture = await createImageBitmap(picture);
    this.image = (result as { images: AnalysedImage[] }).images[0]!;
    this.draw();
  }

  draw(): void {
    if (!this.picture || !this.image) return;
    const cssWidth = this.canvas.parentElement!.clientWidth;
    const scale = cssWidth / this.image.width;
    const density = Math.max(window.devicePixelRatio || 1, 1.5);
    this.canvas.width = Math.round(cssWidth * density);
    this.canvas.height = Math.round(this.image.height * scale * density);
    const context = this.canvas.getContext("2d")!;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture, 0, 0, cssWidth, this.image.height * scale);
    const isShown = need<HTMLInputElement>("#show-overlay").checked;
    const layers = cssWidth <= SMALL_UP_TO_PX ? SMALL : ALL_LAYERS;
    this.overlay.draw(context, this.image, scale, isShown ? layers : NOTHING, { isDistalOnly: true });
    this.canvas.dataset["drawn"] = String(isShown);
  }
}

const stills = [...document.querySelectorAll<HTMLCanvasElement>(".still-canvas")].map((canvas) => new Still(canvas));
need("#show-overlay").addEventListener("change", () => stills.forEach((still) => still.draw()));
wireExamReview();
wireClips();
for (const still of stills) await still.load();
