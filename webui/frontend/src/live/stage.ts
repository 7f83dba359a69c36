// The picture: one message in, picture and boxes of the same instant on the canvas.

import type { AnalysedImage } from "../common/analysis";
import { type Layers, Overlay } from "../common/overlay";
import type { StationClock } from "./clock";
import { AS_CAPTURED, type PictureSettings, applyLevels, isAsCaptured } from "../common/picture_levels";
import { type Freshness, type Limits, freshness } from "./freshness";
import type { PaintLog } from "./metrics";
import type { FrameHeader, FrameMessage } from "./protocol";
import { WHOLE, type Window, moved, zoomed } from "./zoom";

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
  settings: PictureSettings = AS_CAPTURED;
  window: Window = WHOLE;
  /** Index of the capillary under the pointer: it says its width wherever it lies. */
  pointedAt: number | null = null;
  private readonly changed = document.createElement("canvas");
  private changedFor: { bitmap: ImageBitmap; settings: PictureSettings } | null = null;
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

  /** Brightness, contrast, red-free: of the picture on screen alone. */
  look(settings: PictureSettings): void {
    this.settings = settings;
    this.schedule();
  }

  zoom(factor: number, at: [number, number] | null = null): void {
    const image = this.image;
    if (!image) return;
    const { zoom, x, y } = this.window;
    const middle: [number, number] = [x + image.width / zoom / 2, y + image.height / zoom / 2];
    this.window = zoomed(this.window, factor, at ?? middle, image.width, image.height);
    this.schedule();
  }

  wholePicture(): void {
    this.window = WHOLE;
    this.schedule();
  }

  move(dx: number, dy: number): void {
    const image = this.image;
    if (image) this.window = moved(this.window, dx, dy, image.width, image.height);
    this.schedule();
  }

  /** A point of the canvas, 0 to 1 from its corner, in pixels of the picture. */
  pointAt(x: number, y: number): [number, number] | null {
    const image = this.image;
    if (!image) return null;
    const { zoom, x: left, y: top } = this.window;
    return [left + (x * image.width) / zoom, top + (y * image.height) / zoom];
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

  /** The message of an earlier picture; undefined where this page no longer has it, or was too slow to get it. */
  recentOf(seq: number): FrameMessage | undefined {
    return this.recent.find(({ message }) => message.header.seq === seq)?.message;
  }

  /** Stand still on one picture, unless that is no longer wanted once it is decoded; whether it does. */
  async freezeOn(message: FrameMessage, isWanted: () => boolean): Promise<boolean> {
    const bitmap = await createImageBitmap(message.jpeg);
    const stands = isWanted();
    if (stands) this.freeze(true);
    if (stands && this.seq !== message.header.seq) this.take(bitmap, message, performance.now(), 0);
    else bitmap.close();
    return stands;
  }

  get image(): AnalysedImage | null {
    return this.shown?.header.image ?? null;
  }

  get header(): FrameHeader | null {
    return this.shown?.header ?? null;
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
    const { zoom, x, y } = this.window;
    const shown = scale * zoom;
    this.canvas.save();
    this.canvas.translate(-x * shown, -y * shown);
    this.canvas.drawImage(this.pictureOf(picture.bitmap), 0, 0, width * shown, height * shown);
    this.isOverlayShown = this.freshness().showOverlay;
    const emphasis = { isDistalOnly: true, at: this.pointedAt };
    if (this.isOverlayShown) this.overlay.draw(this.canvas, picture.header.image, shown, this.layers, emphasis);
    this.canvas.restore();
    if (this.unlogged) this.log(picture, startedAtMs);
    this.onPainted();
  }

  /** The picture as it is to be seen; as captured it costs nothing. */
  private pictureOf(bitmap: ImageBitmap): CanvasImageSource {
    const { settings, changed } = this;
    if (isAsCaptured(settings)) return bitmap;
    if (this.changedFor?.bitmap === bitmap && this.changedFor.settings === settings) return changed;
    [changed.width, changed.height] = [bitmap.width, bitmap.height];
    const context = changed.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, 0);
    const pixels = context.getImageData(0, 0, changed.width, changed.height);
    applyLevels(pixels.data, settings);
    context.putImageData(pixels, 0, 0);
    this.changedFor = { bitmap, settings };
    return changed;
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
