// Pure arithmetic of the review canvas: the view, what lies under the pointer, and live measurements.

import type { AnalysedImage, Point, Segment, SizeClass } from "../common/analysis";
import { type Box, WIDTH_KINDS, type WidthKind } from "./protocol";

/** Smith 2020, doi 10.1016/j.autrev.2020.102458; the station decides by the same cuts. */
const ENLARGED_FROM_UM = 20;
const GIANT_ABOVE_UM = 50;

export const MIN_BOX_PX = 4;
export const MAX_ZOOM = 24;

/** The part of the picture on the screen: screen = offset + (pixel + 0.5) * zoom. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

/** Pixel coordinates count from the centre of the top-left pixel. */
export function toScreen(view: View, [x, y]: Point): Point {
  return [view.x + (x + 0.5) * view.zoom, view.y + (y + 0.5) * view.zoom];
}

export function toImage(view: View, [x, y]: Point): Point {
  return [(x - view.x) / view.zoom - 0.5, (y - view.y) / view.zoom - 0.5];
}

/** The whole picture, centred. */
export function fitted(width: number, height: number, screenWidth: number, screenHeight: number): View {
  const zoom = Math.max(0.05, Math.min(screenWidth / width, screenHeight / height));
  return { x: (screenWidth - width * zoom) / 2, y: (screenHeight - height * zoom) / 2, zoom };
}

/** Zoomed by a factor about a point of the screen, which stays where it is. */
export function zoomedAt(view: View, [x, y]: Point, factor: number, minimum: number): View {
  const zoom = Math.min(MAX_ZOOM, Math.max(minimum, view.zoom * factor));
  const ratio = zoom / view.zoom;
  return { x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio, zoom };
}

/** Moved no further than that a quarter of the screen still shows the picture. */
export function clamped(view: View, width: number, height: number, screenWidth: number, screenHeight: number): View {
  const keep = (offset: number, size: number, screen: number) =>
    Math.min(screen * 0.75, Math.max(screen * 0.25 - size, offset));
  return {
    x: keep(view.x, width * view.zoom, screenWidth),
    y: keep(view.y, height * view.zoom, screenHeight),
    zoom: view.zoom,
  };
}

export function lengthOf([start, end]: Segment): number {
  return Math.hypot(end[0] - start[0], end[1] - start[1]);
}

/** The box spanned by two corners, however they were drawn. */
export function boxBetween(a: Point, b: Point): Box {
  return { x: Math.min(a[0], b[0]), y: Math.min(a[1], b[1]), w: Math.abs(a[0] - b[0]), h: Math.abs(a[1] - b[1]) };
}

export function boxOf([x, y, w, h]: readonly [number, number, number, number]): Box {
  return { x, y, w, h };
}

export interface LiveMeasure {
  px: number;
  um: number | null;
  size: SizeClass | null;
  /** Within one pixel of 20 or 50 um: the class may be the next one. */
  isNearCut: boolean;
}

/** A width as the station will measure it. */
export function measure(segment: Segment, umPerPx: number | null): LiveMeasure {
  const px = lengthOf(segment);
  if (umPerPx === null) return { px, um: null, size: null, isNearCut: false };
  const um = px * umPerPx;
  const size = um > GIANT_ABOVE_UM ? "giant" : um >= ENLARGED_FROM_UM ? "enlarged" : "normal";
  const isNearCut = Math.min(Math.abs(um - ENLARGED_FROM_UM), Math.abs(um - GIANT_ABOVE_UM)) < umPerPx;
  return { px, um, size, isNearCut };
}

/** The way of so many units from one point on beyond another; upwards where they are the same. */
export function outwards([fromX, fromY]: Point, [x, y]: Point, units: number): Point {
  const length = Math.hypot(x - fromX, y - fromY);
  return length === 0 ? [0, -units] : [((x - fromX) / length) * units, ((y - fromY) / length) * units];
}

export interface Names {
  capillaries: { finding_id: string }[];
  haemorrhages: { finding_id: string }[];
}

/** The finding under a point of the picture: of boxes that overlap the smallest, so that each can be reached. */
export function findingAt(image: AnalysedImage, names: Names, [x, y]: Point, margin: number): string | null {
  const candidates = [
    ...image.capillaries.map((found, at) => ({ id: names.capillaries[at]!.finding_id, box: boxOf(found.bbox_px) })),
    ...image.haemorrhages.map((found, at) => ({ id: names.haemorrhages[at]!.finding_id, box: boxOf(found.bbox_px) })),
  ].filter(
    ({ box }) => x >= box.x - margin && x <= box.x + box.w + margin && y >= box.y - margin && y <= box.y + box.h + margin,
  );
  candidates.sort((a, b) => a.box.w * a.box.h - b.box.w * b.box.h);
  return candidates[0]?.id ?? null;
}

/** Findings as a reader goes over a nailfold: the distal row from left to right, the other rows, the haemorrhages. */
export function inReadingOrder(image: AnalysedImage, names: Names): string[] {
  const loops = image.capillaries.map((found, at) => {
    return { id: names.capillaries[at]!.finding_id, group: found.row === "distal" ? 0 : 1, x: found.bbox_px[0] };
  });
  const bleeding = image.haemorrhages.map((found, at) => ({ id: names.haemorrhages[at]!.finding_id, group: 2, x: found.bbox_px[0] }));
  return [...loops, ...bleeding].sort((a, b) => a.group - b.group || a.x - b.x).map(({ id }) => id);
}

/** The number of each finding in that order, as picture and list show it: loops 1, 2, 3, haemorrhages H1, H2. */
export function numbersOf(image: AnalysedImage, names: Names): ReadonlyMap<string, string> {
  const loops = new Set(names.capillaries.map(({ finding_id }) => finding_id));
  const order = inReadingOrder(image, names);
  const [first, second] = [order.filter((id) => loops.has(id)), order.filter((id) => !loops.has(id))];
  return new Map([...first.map((id, at) => [id, `${at + 1}`] as const), ...second.map((id, at) => [id, `H${at + 1}`] as const)]);
}

/** A copy with one width replaced, for drawing while a hand is still moving. */
export function withSegment(image: AnalysedImage, at: number, kind: WidthKind, segment: Segment | null): AnalysedImage {
  const loop = image.capillaries[at]!;
  const live = segment && measure(segment, image.um_per_px);
  const changed = {
    ...loop,
    segments_px: { ...loop.segments_px, [kind]: segment },
    widths_px: { ...loop.widths_px, [kind]: live?.px ?? null },
    widths_um: { ...loop.widths_um, [kind]: live?.um ?? null },
    apex_px: kind === "apical" ? (segment?.[0] ?? null) : loop.apex_px,
  };
  return { ...image, capillaries: image.capillaries.map((one, index) => (index === at ? changed : one)) };
}

/** A copy with one box replaced, by the finding's place in its list. */
export function withBox(image: AnalysedImage, list: "capillaries" | "haemorrhages", at: number, box: Box): AnalysedImage {
  const bbox: [number, number, number, number] = [box.x, box.y, box.w, box.h];
  return { ...image, [list]: image[list].map((one, index) => (index === at ? { ...one, bbox_px: bbox } : one)) };
}

/** The widest calibrated width of a loop; null without any. */
export function widestUm(widths: Record<WidthKind, number | null>): number | null {
  const known = WIDTH_KINDS.map((kind) => widths[kind]).filter((um) => um !== null);
  return known.length ? Math.max(...known) : null;
}
