// Draws what was found in a picture; the live view and the stored exam draw with the same code.

import type { AnalysedImage, Capillary, Haemorrhage, Segment } from "./analysis";
import { figureBeside, WIDTH_OFF_PX, widthFigure } from "./honest_digits";
import { type LabelRequest, type Rect, placeLabels } from "./labels";
import { CASING_COLOUR, CLASS_STYLES, HAEMORRHAGE_STYLE, ROW_COLOUR, WIDTH_COLOUR, drawGlyph } from "./overlay_style";

export interface Layers {
  boxes: boolean;
  widths: boolean;
  labels: boolean;
  haemorrhages: boolean;
}

/** What a page wants said beside the layers. */
export interface Emphasis {
  /** Numbers of the capillaries, in their order. */
  numbers?: readonly string[];
  /** Other rows keep their labels to themselves, but for giants and for the capillary at `at`. */
  isDistalOnly?: boolean;
  /** Indices of those whose class contradicts their width. */
  contradicted?: ReadonlySet<number>;
  /** Indices of giants that count only once a person confirms them. */
  possible?: ReadonlySet<number>;
  /** Index of the capillary that the reader points at or has chosen. */
  at?: number | null;
}

export const ALL_LAYERS: Layers = { boxes: true, widths: true, labels: false, haemorrhages: true };

const OTHER_ROW_ALPHA = 0.5;
const LABEL_HEIGHT = 18;
const CROWDED = 14;
const SCALE_BAR_UM = 100;
const TICKS_FROM = 10;
const BRACKET = 7;
const BORDER = 0.02;

/** Draws over a picture that already fills the canvas; remembers where labels stood, so that they do not jump. */
export class Overlay {
  private sides = new Map<string, number>();
  private widthOfText = new Map<string, number>();
  /** How many labels the last picture had room for. */
  labelsPlaced = 0;

  /**
   * @param scale canvas units (CSS pixels) per pixel of the analysed picture.
   */
  draw(canvas: CanvasRenderingContext2D, image: AnalysedImage, scale: number, layers: Layers, emphasis: Emphasis = {}): void {
    canvas.save();
    // Half a pixel: results count from the centre of the top-left pixel, the canvas from its corner.
    canvas.translate(scale / 2, scale / 2);
    if (layers.haemorrhages) image.haemorrhages.forEach((found) => this.haemorrhage(canvas, found, scale));
    if (layers.boxes) {
      this.distalRow(canvas, image, scale);
      this.countedRow(canvas, image, scale);
      image.capillaries.forEach((capillary) => this.box(canvas, capillary, scale));
    }
    if (layers.widths) image.capillaries.forEach((capillary) => this.widths(canvas, capillary, scale));
    this.labels(canvas, image, scale, layers, emphasis);
    canvas.restore();
    if (image.um_per_px !== null) this.scaleBar(canvas, image.height * scale, scale / image.um_per_px);
  }

  private box(canvas: CanvasRenderingContext2D, capillary: Capillary, scale: number): void {
    const style = CLASS_STYLES[capillary.morphology];
    const [x, y, w, h] = capillary.bbox_px.map((value) => value * scale) as [number, number, number, number];
    const isDistal = capillary.row === "distal";
    canvas.globalAlpha = isDistal ? 1 : OTHER_ROW_ALPHA;
    const path = new Path2D();
    path.roundRect(x, y, w, h, 4);
    if (isDistal) strokeCasing(canvas, path, style.lineWidth + 2);
    canvas.setLineDash(style.dash);
    canvas.lineWidth = isDistal ? style.lineWidth : Math.max(1, style.lineWidth - 0.5);
    canvas.strokeStyle = style.colour;
    canvas.stroke(path);
    drawGlyph(canvas, style.glyph, x + w / 2, y + h, 12, style.colour);
    canvas.globalAlpha = 1;
  }

  private haemorrhage(canvas: CanvasRenderingContext2D, found: Haemorrhage, scale: number): void {
    const [x, y, w, h] = found.bbox_px.map((value) => value * scale) as [number, number, number, number];
    const path = new Path2D();
    path.ellipse(x + w / 2, y + h / 2, w / 2 + 3, h / 2 + 3, 0, 0, 2 * Math.PI);
    strokeCasing(canvas, path, HAEMORRHAGE_STYLE.lineWidth + 2);
    canvas.setLineDash(HAEMORRHAGE_STYLE.dash);
    canvas.lineWidth = HAEMORRHAGE_STYLE.lineWidth;
    canvas.strokeStyle = HAEMORRHAGE_STYLE.colour;
    canvas.stroke(path);
    drawGlyph(canvas, HAEMORRHAGE_STYLE.glyph, x + w / 2, y - 3, 11, HAEMORRHAGE_STYLE.colour);
  }

  /** A line through the apices that count for density, with a dot at each. */
  private distalRow(canvas: CanvasRenderingContext2D, image: AnalysedImage, scale: number): void {
    const apices = image.capillaries
      .filter((capillary) => capillary.row === "distal")
      .map((capillary) => apexOf(capillary).map((value) => value * scale) as [number, number])
      .sort((a, b) => a[0] - b[0]);
    if (apices.length < 2) return;
    const line = new Path2D();
    apices.forEach(([x, y], index) => (index === 0 ? line.moveTo(x, y) : line.lineTo(x, y)));
    canvas.globalAlpha = 0.55;
    canvas.setLineDash([1, 5]);
    canvas.lineCap = "round";
    canvas.lineWidth = 2;
    canvas.strokeStyle = ROW_COLOUR;
    canvas.stroke(line);
    canvas.globalAlpha = 0.9;
    canvas.fillStyle = ROW_COLOUR;
    const dots = new Path2D();
    apices.forEach(([x, y]) => {
      dots.moveTo(x + 2.5, y);
      dots.arc(x, y, 2.5, 0, 2 * Math.PI);
    });
    canvas.fill(dots);
    canvas.globalAlpha = 1;
    canvas.lineCap = "butt";
  }

  /** Brackets where a stretch of the row that density is counted along ends inside the picture. */
  private countedRow(canvas: CanvasRenderingContext2D, image: AnalysedImage, scale: number): void {
    const path = new Path2D();
    for (const line of image.counted_row_px ?? []) {
      for (const [at, next] of [[line[0]!, line[1]!], [line[line.length - 1]!, line[line.length - 2]!]] as const) {
        if (isAtBorder(at, image)) continue;
        const [x, y] = [at[0]! * scale, at[1]! * scale];
        const inwards = Math.sign(next[0]! - at[0]!) * BRACKET;
        path.moveTo(x + inwards, y - BRACKET);
        path.lineTo(x, y - BRACKET);
        path.lineTo(x, y + BRACKET);
        path.lineTo(x + inwards, y + BRACKET);
      }
    }
    strokeCasing(canvas, path, 4);
    canvas.setLineDash([]);
    canvas.lineWidth = 2;
    canvas.strokeStyle = ROW_COLOUR;
    canvas.stroke(path);
  }

  private widths(canvas: CanvasRenderingContext2D, capillary: Capillary, scale: number): void {
    canvas.globalAlpha = capillary.row === "distal" ? 1 : OTHER_ROW_ALPHA;
    for (const segment of Object.values(capillary.segments_px)) {
      if (segment) strokeSegment(canvas, segment, scale);
    }
    canvas.globalAlpha = 1;
  }

  private labels(canvas: CanvasRenderingContext2D, image: AnalysedImage, scale: number, layers: Layers, emphasis: Emphasis): void {
    const requests: (LabelRequest & { text: string; number: string; numberWidth: number; capillary: Capillary })[] = [];
    const isCrowded = image.capillaries.length > CROWDED;
    canvas.font = `600 12px ${FONT}`;
    image.capillaries.forEach((capillary, index) => {
      const isSpoken = !emphasis.isDistalOnly || capillary.row === "distal" || isGiant(capillary) || index === emphasis.at;
      const isContradicted = emphasis.contradicted?.has(index) ?? false;
      const words = isSpoken || isContradicted ? labelText(capillary, layers, isCrowded, image.um_per_px) : "";
      const doubt = isContradicted ? "≠ " : emphasis.possible?.has(index) ? "? " : "";
      const text = words && doubt + words;
      const number = layers.boxes ? (emphasis.numbers?.[index] ?? "") : "";
      if (!text && !number) return;
      const [x, y, w, h] = capillary.bbox_px.map((value) => value * scale) as [number, number, number, number];
      const key = capillary.track_id === null ? `i${index}` : `t${capillary.track_id}`;
      const numberWidth = number ? this.measure(canvas, number) + 8 : 0;
      const width = numberWidth + (text ? this.measure(canvas, text) + 10 : 0);
      const priority = priorityOf(capillary) + (index === emphasis.at ? 1000 : 0);
      requests.push({ key, anchor: { x, y, w, h }, w: width, h: LABEL_HEIGHT, priority, text, number, numberWidth, capillary });
    });
    const bounds: Rect = { x: 0, y: 0, w: image.width * scale, h: image.height * scale };
    const placed = placeLabels(requests, bounds, this.sides);
    const byKey = new Map(requests.map((request) => [request.key, request]));
    for (const { key, rect } of placed) {
      const request = byKey.get(key)!;
      if (request.text) drawLabel(canvas, { ...rect, x: rect.x + request.numberWidth, w: rect.w - request.numberWidth }, request.text, request.capillary);
      if (request.number) drawNumber(canvas, { ...rect, w: request.numberWidth }, request.number, request.capillary);
    }
    this.sides = new Map(placed.map(({ key, side }) => [key, side]));
    this.labelsPlaced = placed.length;
  }

  private measure(canvas: CanvasRenderingContext2D, text: string): number {
    // Tabular figures: every digit is as wide as a zero, so one measurement serves all numbers of a length.
    const pattern = text.replace(/\d/g, "0");
    let width = this.widthOfText.get(pattern);
    if (width === undefined) {
      width = canvas.measureText(pattern).width;
      this.widthOfText.set(pattern, width);
    }
    return width;
  }

  private scaleBar(canvas: CanvasRenderingContext2D, height: number, unitsPerUm: number): void {
    const length = SCALE_BAR_UM * unitsPerUm;
    const [x, y] = [16, height - 16];
    const path = new Path2D(`M${x} ${y - 5}v5h${length}v-5`);
    strokeCasing(canvas, path, 5);
    canvas.setLineDash([]);
    canvas.lineWidth = 2;
    canvas.strokeStyle = "#fff";
    canvas.stroke(path);
    canvas.font = `600 12px ${FONT}`;
    canvas.textAlign = "left";
    canvas.textBaseline = "alphabetic";
    canvas.lineWidth = 3;
    canvas.strokeStyle = CASING_COLOUR;
    canvas.strokeText(`${SCALE_BAR_UM} µm`, x + 5, y - 6);
    canvas.fillStyle = "#fff";
    canvas.fillText(`${SCALE_BAR_UM} µm`, x + 5, y - 6);
  }
}

const FONT = '"Inter Variable", system-ui, sans-serif';

/** The label of one loop: its apical width, its number, both or nothing. A crowded picture leaves the unit away. */
export function labelText(capillary: Capillary, layers: Pick<Layers, "widths" | "labels">, isCrowded: boolean, umPerPx: number | null): string {
  const parts: string[] = [];
  if (layers.labels && capillary.track_id !== null) parts.push(`#${capillary.track_id}`);
  if (layers.widths) parts.push(widthText(capillary, isCrowded, umPerPx));
  return parts.filter(Boolean).join(" ");
}

/** The width of the limb that makes a loop enlarged or giant though its apex is not as wide; null where the apex decides. */
export function decidingLimbUm(capillary: Capillary): number | null {
  const { apical, arterial, venous } = capillary.widths_um;
  const widest = Math.max(arterial ?? 0, venous ?? 0);
  return capillary.size !== "normal" && apical !== null && widest > apical ? widest : null;
}

function widthText(capillary: Capillary, isCrowded: boolean, umPerPx: number | null): string {
  const mark = { normal: "", enlarged: "▲", giant: "▲▲" }[capillary.size];
  const { apical: um } = capillary.widths_um;
  const { apical: px } = capillary.widths_px;
  const unit = isCrowded ? "" : " µm";
  const limb = decidingLimbUm(capillary);
  if (limb !== null) return `${widthFigure(um, umPerPx)} ${mark}${widthFigure(limb, umPerPx)}${unit}`;
  if (um !== null) return `${mark}${widthFigure(um, umPerPx)}${unit}`;
  if (px !== null) return `${mark}${figureBeside(px, WIDTH_OFF_PX, 1)} px`;
  return mark && `${mark}~`;
}

/** Who may choose a place first: what matters most clinically, then the distal row, then the surer detection. */
export function priorityOf(capillary: Capillary): number {
  return (
    (isGiant(capillary) ? 100 : 0) +
    (capillary.row === "distal" ? 20 : 0) +
    (capillary.morphology === "ramified" ? 10 : 0) +
    (capillary.size === "enlarged" ? 5 : 0) +
    capillary.score
  );
}

function isGiant(capillary: Capillary): boolean {
  return capillary.morphology === "giant" || capillary.size === "giant";
}

function apexOf(capillary: Capillary): [number, number] {
  const [x, y, w] = capillary.bbox_px;
  return capillary.apex_px ?? [x + w / 2, y];
}

function drawLabel(canvas: CanvasRenderingContext2D, rect: Rect, text: string, capillary: Capillary): void {
  canvas.globalAlpha = capillary.row === "distal" ? 1 : 0.75;
  canvas.fillStyle = "rgba(8, 12, 18, 0.78)";
  const pill = new Path2D();
  pill.roundRect(rect.x, rect.y, rect.w, rect.h, 5);
  canvas.fill(pill);
  canvas.fillStyle = capillary.size === "giant" ? CLASS_STYLES.giant.colour : "#fff";
  canvas.textAlign = "center";
  canvas.textBaseline = "middle";
  canvas.fillText(text, rect.x + rect.w / 2, rect.y + rect.h / 2 + 0.5);
  canvas.globalAlpha = 1;
}

/** The number of a finding: light where a width is dark, so that the two are not taken for one another. */
function drawNumber(canvas: CanvasRenderingContext2D, rect: Rect, number: string, capillary: Capillary): void {
  canvas.globalAlpha = capillary.row === "distal" ? 1 : 0.75;
  canvas.fillStyle = "#e8edf3";
  const tag = new Path2D();
  tag.roundRect(rect.x, rect.y, rect.w, rect.h, 5);
  canvas.fill(tag);
  canvas.fillStyle = "#10161d";
  canvas.textAlign = "center";
  canvas.textBaseline = "middle";
  canvas.fillText(number, rect.x + rect.w / 2, rect.y + rect.h / 2 + 0.5);
  canvas.globalAlpha = 1;
}

/** A width with a tick at each edge; a short one stays a plain line, ticks would hide the column. */
function strokeSegment(canvas: CanvasRenderingContext2D, [start, end]: Segment, scale: number): void {
  const [x0, y0, x1, y1] = [start[0] * scale, start[1] * scale, end[0] * scale, end[1] * scale];
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const tick = length < TICKS_FROM ? 0 : Math.min(4, length / 4);
  const [tickX, tickY] = [(-(y1 - y0) / length) * tick, ((x1 - x0) / length) * tick];
  const path = new Path2D();
  path.moveTo(x0, y0);
  path.lineTo(x1, y1);
  if (tick > 0) {
    for (const [x, y] of [[x0, y0], [x1, y1]] as const) {
      path.moveTo(x - tickX, y - tickY);
      path.lineTo(x + tickX, y + tickY);
    }
  }
  strokeCasing(canvas, path, 3.5);
  canvas.setLineDash([]);
  canvas.lineWidth = 1.5;
  canvas.strokeStyle = WIDTH_COLOUR;
  canvas.stroke(path);
}

function isAtBorder(at: readonly number[], image: AnalysedImage): boolean {
  const margin = BORDER * image.width;
  const [x, y] = [at[0]!, at[1]!];
  return Math.min(x, y, image.width - x, image.height - y) < margin;
}

function strokeCasing(canvas: CanvasRenderingContext2D, path: Path2D, lineWidth: number): void {
  canvas.setLineDash([]);
  canvas.lineWidth = lineWidth;
  canvas.strokeStyle = CASING_COLOUR;
  canvas.stroke(path);
}
