// The picture: one message in, picture and boxes of the same instant on the canvas.

import type { AnalysedImage } from "../common/analysis";
import { type Layers, Overlay } from "../common/overlay";
import type { StationClock } from "./clock";
import { type Freshness, type Limits, freshness } from "./freshness";
import type { PaintLog } from "./metrics";
import type { FrameHeader, FrameMessage } from "./protocol";

interface Picture {
  header: FrameHeader;
  bitmap: ImageBitmap;
  receivedAtMs: number;
  decodeMs: number;
}

const MOST_DEVICE_PIXELS = 2;
/** The last second's messages: a button of the box freezes the picture of its moment, and the page hears of it later. */
const RECENT = 40;

export class Stage {
  private readonly canvas: CanvasRenderingContext2D;
  private readonly overlay = new Overlay();
  private shown: Picture | null = null;
  private waiting: { message: FrameMessage; receivedAtMs: number } | null = null;
  private recent: { message: FrameMessage; receivedAtMs: number }[] = [];
  private isDecoding = false;
  private isScheduled = false;
  private unlogged = false;
  private frozenAtMs: number | null = null;
  private isCameraLive = false;
  layers: Layers;
  isOverlayShown = false;
  onPainted: () => void = () => {};

  constructor(
    private readonly element: HTMLCanvasElement,
    private readonly holder: HTMLElement,
    private readonly clock: StationClock,
    private readonly paints: PaintLog,
    private readonly limits: Limits,
    layers: Layers,
  ) {
    this.canvas = element.getContext("2d", { alpha: false })!;
    this.layers = layers;
    new ResizeObserver(() => this.schedule()).observe(holder);
  }

  /** Take in the newest message; an older one that was not decoded yet is left out. */
  offer(message: FrameMessage, receivedAtMs: number): void {
    // Nobody sees a hidden tab, and decoding takes time from the engine.
    if (this.isFrozen || document.hidden) return;
    this.waiting = { message, receivedAtMs };
    this.recent = [...this.recent.slice(1 - RECENT), this.waiting];
    if (!this.isDecoding) void this.decode();
  }

  cameraIs(isLive: boolean): void {
    if (isLive !== this.isCameraLive) {
      this.isCameraLive = isLive;
      this.schedule();
    }
  }

  setLayers(layers: Layers): void {
    this.layers = layers;
    this.schedule();
  }

  get isFrozen(): boolean {
    return this.frozenAtMs !== null;
  }

  freeze(isFrozen: boolean): void {
    this.frozenAtMs = isFrozen ? performance.now() : null;
    this.waiting = null;
    this.schedule();
  }

  /** Stand still on an earlier picture; false where this page no longer has it. */
  async freezeAt(seq: number): Promise<boolean> {
    const found = this.recent.find(({ message }) => message.header.seq === seq);
    if (!found) return false;
    this.freeze(true);
    if (this.seq !== seq) this.take(await createImageBitmap(found.message.jpeg), found.message, found.receivedAtMs, 0);
    return true;
  }

  get image(): AnalysedImage | null {
    return this.shown?.header.image ?? null;
  }

  get seq(): number | null {
    return this.shown?.header.seq ?? null;
  }

  get labelsPlaced(): number {
    return this.overlay.labelsPlaced;
  }

  /** Capture to now; a frozen picture keeps the age it had. */
  ageMs(): number | null {
    if (!this.shown) return null;
    return this.clock.ageMs(this.shown.header.captured_monotonic_s, this.frozenAtMs ?? performance.now());
  }

  freshness(): Freshness {
    if (!this.shown) return { showOverlay: false, isPictureLive: false };
    if (this.isFrozen) return { showOverlay: true, isPictureLive: true };
    return freshness(this.ageMs(), performance.now() - this.shown.receivedAtMs, this.isCameraLive, this.limits);
  }

  /** Draw again in the next animation frame. */
  schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    requestAnimationFrame(() => {
      this.isScheduled = false;
      this.paint();
    });
  }

  private async decode(): Promise<void> {
    this.isDecoding = true;
    while (this.waiting) {
      const { message, receivedAtMs } = this.waiting;
      this.waiting = null;
      const startedAtMs = performance.now();
      const bitmap = await createImageBitmap(message.jpeg);
      if (this.isFrozen) {
        bitmap.close();
        break;
      }
      this.take(bitmap, message, receivedAtMs, performance.now() - startedAtMs);
      this.unlogged = true;
    }
    this.isDecoding = false;
  }

  private take(bitmap: ImageBitmap, { header }: FrameMessage, receivedAtMs: number, decodeMs: number): void {
    this.shown?.bitmap.close();
    this.shown = { header, bitmap, receivedAtMs, decodeMs };
    this.schedule();
  }

  private paint(): void {
    const picture = this.shown;
    if (!picture) return;
    const startedAtMs = performance.now();
    const { width, height } = picture.header.image;
    const scale = this.fit(width, height);
    this.canvas.drawImage(picture.bitmap, 0, 0, width * scale, height * scale);
    this.isOverlayShown = this.freshness().showOverlay;
    if (this.isOverlayShown) this.overlay.draw(this.canvas, picture.header.image, scale, this.layers);
    if (this.unlogged) this.log(picture, startedAtMs);
    this.onPainted();
  }

  private log(picture: Picture, startedAtMs: number): void {
    this.unlogged = false;
    const paintedAtMs = performance.now();
    this.paints.add({
      seq: picture.header.seq,
      captureToPaintMs: this.clock.ageMs(picture.header.captured_monotonic_s, paintedAtMs),
      receiveToPaintMs: paintedAtMs - picture.receivedAtMs,
      decodeMs: picture.decodeMs,
      drawMs: paintedAtMs - startedAtMs,
      paintedAtMs,
    });
  }

  /** Makes the canvas as large as the picture can be in its place; returns CSS pixels per picture pixel. */
  private fit(width: number, height: number): number {
    const scale = Math.min(this.holder.clientWidth / width, this.holder.clientHeight / height);
    const density = Math.min(window.devicePixelRatio || 1, MOST_DEVICE_PIXELS);
    const [deviceWidth, deviceHeight] = [Math.round(width * scale * density), Math.round(height * scale * density)];
    if (this.element.width !== deviceWidth || this.element.height !== deviceHeight) {
      this.element.width = deviceWidth;
      this.element.height = deviceHeight;
      this.element.style.width = `${width * scale}px`;
      this.element.style.height = `${height * scale}px`;
      this.holder.style.setProperty("--picture-width", `${width * scale}px`);
      this.holder.style.setProperty("--picture-height", `${height * scale}px`);
    }
    this.canvas.setTransform(density, 0, 0, density, 0, 0);
    return scale;
  }
}
