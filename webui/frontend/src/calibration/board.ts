// The picture of the micrometer: live or frozen, zoomed and panned, with what was found drawn over it.

import type { Point } from "../common/analysis";
import { Loupe } from "../review/loupe";
import { drawMarks } from "./marks";
import { type Drawing, NOTHING_DRAWN } from "./protocol";

const MOST_ZOOM = 12;
const ZOOM_STEP = 1.5;
const GRAB_PX = 30;
const NUDGE_PX = 0.25;
const NUDGE_FAR_PX = 5;

export class Board {
  private readonly context: CanvasRenderingContext2D;
  private readonly loupe: Loupe;
  private readonly still = document.createElement("canvas");
  private drawing: Drawing = NOTHING_DRAWN;
  private zoom = 1;
  private middle: Point = [0, 0];
  private drag: { point: number | null; from: Point; middle: Point } | null = null;
  private isScheduled = false;
  chosen: number | null = null;
  onPoints: (points: Point[]) => void = () => {};

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly holder: HTMLElement,
    loupe: HTMLCanvasElement,
  ) {
    this.context = canvas.getContext("2d", { alpha: false })!;
    this.loupe = new Loupe(loupe, this.still);
    this.still.width = this.still.height = 0;
    new ResizeObserver(() => this.schedule()).observe(holder);
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"] as const) canvas.addEventListener(end, () => this.up());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  get points(): Point[] {
    return this.drawing.points;
  }

  /** Another picture of the scope; the view stays unless the size changes. */
  show(picture: ImageBitmap): void {
    if (this.still.width !== picture.width || this.still.height !== picture.height) {
      this.still.width = picture.width;
      this.still.height = picture.height;
      this.fit();
    }
    this.still.getContext("2d")!.drawImage(picture, 0, 0);
    this.schedule();
  }

  draw(drawing: Drawing): void {
    this.drawing = drawing;
    if (!drawing.points.length) this.chosen = null;
    this.schedule();
  }

  /** Two points to be dragged, at a quarter and three quarters of the picture. */
  askForPoints(): void {
    const { width, height } = this.still;
    this.chosen = 0;
    this.draw({ lines: [], points: [[width / 4, height / 2], [(3 * width) / 4, height / 2]] });
    this.onPoints(this.points);
  }

  choose(point: number): void {
    this.chosen = point;
    this.schedule();
  }

  nudge(dx: number, dy: number, isFar: boolean): void {
    const at = this.chosen === null ? undefined : this.points[this.chosen];
    const step = isFar ? NUDGE_FAR_PX : NUDGE_PX;
    if (at) this.put(this.chosen!, [at[0] + dx * step, at[1] + dy * step]);
  }

  zoomBy(steps: number, around: Point = this.chosenOrMiddle()): void {
    const before = this.zoom;
    this.zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * ZOOM_STEP ** steps));
    const kept = before / this.zoom;
    this.middle = [around[0] + (this.middle[0] - around[0]) * kept, around[1] + (this.middle[1] - around[1]) * kept];
    this.clampMiddle();
    this.schedule();
  }

  fit(): void {
    this.zoom = 1;
    this.middle = [this.still.width / 2, this.still.height / 2];
    this.schedule();
  }

  private chosenOrMiddle(): Point {
    return (this.chosen === null ? undefined : this.points[this.chosen]) ?? this.middle;
  }

  private put(point: number, [x, y]: Point): void {
    const points = [...this.points];
    points[point] = [
      Math.min(this.still.width - 0.5, Math.max(-0.5, x)),
      Math.min(this.still.height - 0.5, Math.max(-0.5, y)),
    ];
    this.draw({ lines: [], points });
    this.onPoints(points);
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    requestAnimationFrame(() => {
      this.isScheduled = false;
      this.paint();
    });
  }

  private scale(): number {
    const { clientWidth, clientHeight } = this.holder;
    return this.zoom * Math.min(clientWidth / this.still.width, clientHeight / this.still.height);
  }

  private paint(): void {
    if (!this.still.width) return;
    const density = Math.min(window.devicePixelRatio || 1, 2);
    const { clientWidth: width, clientHeight: height } = this.holder;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(height * density);
    const scale = this.scale() * density;
    const { context } = this;
    context.fillStyle = "#05070a";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(scale, 0, 0, scale, this.canvas.width / 2 - this.middle[0] * scale, this.canvas.height / 2 - this.middle[1] * scale);
    context.imageSmoothingEnabled = scale < 3;
    context.drawImage(this.still, 0, 0);
    drawMarks(context, this.drawing, scale, this.chosen);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** Of the picture, origin at the middle of its first pixel. */
  private at(event: MouseEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.scale();
    return [
      (event.clientX - box.left - box.width / 2) / scale + this.middle[0] - 0.5,
      (event.clientY - box.top - box.height / 2) / scale + this.middle[1] - 0.5,
    ];
  }

  private down(event: PointerEvent): void {
    if (!this.still.width) return;
    this.canvas.setPointerCapture(event.pointerId);
    const from = this.at(event);
    const distances = this.points.map(([x, y]) => Math.hypot(x - from[0], y - from[1]) * this.scale());
    const nearest = distances.length ? distances.indexOf(Math.min(...distances)) : -1;
    const point = nearest >= 0 && distances[nearest]! < GRAB_PX ? nearest : null;
    if (point !== null) this.choose(point);
    this.drag = { point, from, middle: this.middle };
  }

  private move(event: PointerEvent): void {
    if (!this.drag) return;
    const at = this.at(event);
    if (this.drag.point === null) {
      this.middle = [this.middle[0] + this.drag.from[0] - at[0], this.middle[1] + this.drag.from[1] - at[1]];
      this.clampMiddle();
      this.schedule();
      return;
    }
    this.put(this.drag.point, at);
    const box = this.canvas.getBoundingClientRect();
    this.loupe.show(at, [event.clientX - box.left, event.clientY - box.top], box, null);
  }

  private up(): void {
    this.drag = null;
    this.loupe.hide();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoomBy(event.deltaY < 0 ? 0.5 : -0.5, this.at(event));
  }

  private clampMiddle(): void {
    const { width, height } = this.still;
    this.middle = [Math.min(width, Math.max(0, this.middle[0])), Math.min(height, Math.max(0, this.middle[1]))];
  }
}
