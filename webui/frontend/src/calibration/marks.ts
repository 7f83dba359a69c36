// Graduations and points over a picture of a stage micrometer.

import type { Point } from "../common/analysis";
import type { Drawing } from "./protocol";

const DARK = "rgba(6, 10, 16, 0.7)";
const LINE = "#ffe066";
const POINT = "#9db1ff";
const CHOSEN = "#ff9447";

/** Draws in picture pixels; `scale` is device pixels a picture pixel, so that strokes stay thin at every zoom. */
export function drawMarks(context: CanvasRenderingContext2D, drawing: Drawing, scale: number, chosen: number | null): void {
  context.lineCap = "round";
  for (const [width, colour] of [[3.5, DARK], [1.5, LINE]] as const) {
    stroke(context, width / scale, colour, drawing.lines);
  }
  drawing.points.forEach((point, at) => cross(context, point, scale, at === chosen ? CHOSEN : POINT));
  const [first, second] = drawing.points;
  if (first && second) stroke(context, 1 / scale, POINT, [[first, second]]);
}

function stroke(context: CanvasRenderingContext2D, width: number, colour: string, lines: [Point, Point][]): void {
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.beginPath();
  for (const [[x0, y0], [x1, y1]] of lines) {
    context.moveTo(x0 + 0.5, y0 + 0.5);
    context.lineTo(x1 + 0.5, y1 + 0.5);
  }
  context.stroke();
}

function cross(context: CanvasRenderingContext2D, [x, y]: Point, scale: number, colour: string): void {
  for (const [width, tone] of [[5, DARK], [2, colour]] as const) {
    context.lineWidth = width / scale;
    context.strokeStyle = tone;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      context.moveTo(x + 0.5 + (dx * 5) / scale, y + 0.5 + (dy * 5) / scale);
      context.lineTo(x + 0.5 + (dx * 22) / scale, y + 0.5 + (dy * 22) / scale);
    }
    context.stroke();
  }
}
