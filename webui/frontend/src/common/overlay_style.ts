// Colours and strokes of what is drawn over a picture. Every class differs by colour and by dash or shape
// (blue, yellow, green, orange, pink after Okabe and Ito, brightened for red-brown skin), so that no one colour decides.

import type { Morphology } from "./analysis";

export type Glyph = "none" | "wave" | "fork" | "diamond" | "drop";

export interface ClassStyle {
  colour: string;
  dash: number[];
  lineWidth: number;
  glyph: Glyph;
}

export const CLASS_STYLES: Record<Morphology, ClassStyle> = {
  normal: { colour: "#8fd3ff", dash: [], lineWidth: 1.5, glyph: "none" },
  tortuous: { colour: "#ffe066", dash: [7, 4], lineWidth: 2, glyph: "wave" },
  ramified: { colour: "#45e6b0", dash: [10, 4, 2, 4], lineWidth: 2, glyph: "fork" },
  giant: { colour: "#ff9447", dash: [], lineWidth: 3, glyph: "diamond" },
};

export const HAEMORRHAGE_STYLE: ClassStyle = { colour: "#ff9fe5", dash: [5, 4], lineWidth: 2.5, glyph: "drop" };
export const ROW_COLOUR = "#ffffff";
export const WIDTH_COLOUR = "#ffffff";
export const CASING_COLOUR = "rgba(6, 10, 16, 0.62)";

/** Draws the shape that doubles a class's colour, filled, centred at (x, y). */
export function drawGlyph(canvas: CanvasRenderingContext2D, glyph: Glyph, x: number, y: number, size: number, colour: string): void {
  const path = glyphPath(glyph, x, y, size / 2);
  if (!path) return;
  canvas.setLineDash([]);
  canvas.lineJoin = "round";
  canvas.lineCap = "round";
  const isOpen = glyph === "wave" || glyph === "fork";
  canvas.strokeStyle = CASING_COLOUR;
  canvas.lineWidth = isOpen ? 5 : 3;
  canvas.stroke(path);
  canvas.strokeStyle = canvas.fillStyle = colour;
  canvas.lineWidth = 2;
  if (isOpen) canvas.stroke(path);
  else canvas.fill(path);
}

function glyphPath(glyph: Glyph, x: number, y: number, r: number): Path2D | null {
  const path = new Path2D();
  switch (glyph) {
    case "none":
      return null;
    case "wave":
      path.moveTo(x - r, y + r * 0.4);
      path.bezierCurveTo(x - r * 0.4, y - r * 1.6, x + r * 0.4, y + r * 1.6, x + r, y - r * 0.4);
      return path;
    case "fork":
      path.moveTo(x, y + r);
      path.lineTo(x, y);
      path.moveTo(x - r * 0.8, y - r);
      path.lineTo(x, y);
      path.lineTo(x + r * 0.8, y - r);
      return path;
    case "diamond":
      path.moveTo(x, y - r);
      path.lineTo(x + r, y);
      path.lineTo(x, y + r);
      path.lineTo(x - r, y);
      path.closePath();
      return path;
    case "drop":
      path.arc(x, y, r * 0.7, 0, 2 * Math.PI);
      return path;
  }
}
