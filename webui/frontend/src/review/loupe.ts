// A magnifier beside the finger or pointer while an end point is dragged.

import type { Point, Segment } from "../common/analysis";
import { WIDTH_COLOUR } from "../common/overlay_style";

const MAGNIFICATION = 4;
const GAP_PX = 28;

export class Loupe {
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly picture: HTMLCanvasElement,
  ) {}

  /**
   * @param at the point of the picture under the cross.
   * @param screen where that is on the stage; the loupe stands aside of it.
   */
  show(at: Point, screen: Point, stage: { width: number; height: number }, segment: Segment | null): void {
    const context = this.canvas.getContext("2d")!;
    const { width, height } = this.canvas;
    const zoom = MAGNIFICATION * 2;
    context.imageSmoothingEnabled = false;
    context.fillStyle = "#05070a";
    context.fillRect(0, 0, width, height);
    context.save();
    context.translate(width / 2 - (at[0] + 0.5) * zoom, height / 2 - (at[1] + 0.5) * zoom);
    context.scale(zoom, zoom);
    context.drawImage(this.picture, 0, 0);
    context.restore();
    if (segment) this.line(context, segment.map(([x, y]) => [
      width / 2 + (x - at[0]) * zoom,
      height / 2 + (y - at[1]) * zoom,
    ]) as unknown as Segment);
    this.cross(context, width / 2, height / 2);
    this.place(screen, stage);
    this.canvas.hidden = false;
  }

  hide(): void {
    this.canvas.hidden = true;
  }

  private line(context: CanvasRenderingContext2D, [start, end]: Segment): void {
    for (const [width, colour] of [[5, "rgba(6,10,16,.62)"], [2.5, WIDTH_COLOUR]] as const) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.moveTo(...start);
      context.lineTo(...end);
      context.stroke();
    }
  }

  private cross(context: CanvasRenderingContext2D, x: number, y: number): void {
    for (const [width, colour] of [[5, "rgba(6,10,16,.62)"], [2, "#9db1ff"]] as const) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
        context.moveTo(x + dx * 8, y + dy * 8);
        context.lineTo(x + dx * 34, y + dy * 34);
      }
      context.stroke();
    }
  }

  private place([x, y]: Point, stage: { width: number; height: number }): void {
    const size = this.canvas.clientWidth || 160;
    const left = x + GAP_PX + size < stage.width ? x + GAP_PX : x - GAP_PX - size;
    const top = y - GAP_PX - size > 0 ? y - GAP_PX - size : y + GAP_PX;
    this.canvas.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
