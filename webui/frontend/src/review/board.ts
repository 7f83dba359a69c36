// The canvas: picture, findings, and the handles of the one that is selected. Konva moves the handles.

import Konva from "konva";

import type { AnalysedImage, Point, Segment } from "../common/analysis";
import { widthWords } from "../common/honest_digits";
import { ALL_LAYERS, type Emphasis, Overlay } from "../common/overlay";
import {
  type View,
  MIN_BOX_PX,
  boxBetween,
  boxOf,
  clamped,
  findingAt,
  fitted,
  measure,
  numbersOf,
  outwards,
  toImage,
  toScreen,
  withBox,
  withSegment,
  zoomedAt,
} from "./geometry";
import type { Loupe } from "./loupe";
import type { Picture } from "./picture";
import { type Box, type ImageReview, WIDTH_KINDS, type WidthKind } from "./protocol";
import type { Vessels } from "./vessels";

export type Mode = "select" | "capillary" | "haemorrhage" | "measure" | WidthKind;

export interface BoardEvents {
  onSelect(id: string | null): void;
  onBox(id: string, box: Box): void;
  onWidth(id: string, kind: WidthKind, segment: Segment): void;
  onNewBox(mode: "capillary" | "haemorrhage", box: Box): void;
  /** While a hand moves; null once it rests. */
  onLive(kind: WidthKind | "measure" | null, segment: Segment | null): void;
  onDrawn(): void;
}

const HANDLE_RADIUS = 6;
const HANDLE_AWAY_PX = 11;
const TOUCH_MARGIN_PX = 22;
const SHARP_FROM_ZOOM = 3;
const WHEEL_STEP = 1.0015;
const NO_LAYERS = { boxes: false, widths: false, labels: false, haemorrhages: false };
const ACCENT = "#9db1ff";

export class Board {
  private readonly stage: Konva.Stage;
  private readonly pictureNode: Konva.Image;
  private readonly findings: Konva.Shape;
  private readonly handles = new Konva.Layer();
  private readonly frame: Konva.Rect;
  private readonly transformer: Konva.Transformer;
  private readonly sketch: Konva.Shape;
  private readonly overlay = new Overlay();
  private view: View = { x: 0, y: 0, zoom: 1 };
  private review: ImageReview | null = null;
  private draft: AnalysedImage | null = null;
  private selected: string | null = null;
  private mode: Mode = "select";
  private start: Point | null = null;
  private end: Point | null = null;
  private pinch: { distance: number; middle: Point } | null = null;
  private panFrom: Point | null = null;
  private hasMoved = false;
  private isFitted = true;
  showsMachine = false;
  showsFindings = true;
  /** What a network takes for vessels, drawn below the findings; null while the layer is off. */
  vessels: Vessels | null = null;

  constructor(
    private readonly container: HTMLDivElement,
    private readonly picture: Picture,
    private readonly loupe: Loupe,
    private readonly mayEdit: boolean,
    private readonly events: BoardEvents,
  ) {
    this.stage = new Konva.Stage({ container, width: 10, height: 10 });
    this.pictureNode = new Konva.Image({ image: picture.canvas, listening: false });
    this.findings = new Konva.Shape({ listening: false, sceneFunc: (context) => this.drawFindings(context._context) });
    this.sketch = new Konva.Shape({ listening: false, sceneFunc: (context) => this.drawSketch(context._context) });
    this.frame = this.newFrame();
    this.transformer = this.newTransformer();
    const under = new Konva.Layer({ listening: false });
    under.add(this.pictureNode);
    const middle = new Konva.Layer({ listening: false });
    middle.add(new Konva.Shape({ listening: false, sceneFunc: (context) => this.drawVessels(context._context) }), this.findings);
    this.handles.add(this.frame, this.transformer, this.sketch);
    this.stage.add(under, middle, this.handles);
    this.listen();
    new ResizeObserver(() => this.resize()).observe(container);
    this.resize();
  }

  /** What stands; a half-finished drag is dropped. */
  show(review: ImageReview): void {
    this.review = review;
    this.draft = null;
    if (this.selected && !this.placeOf(this.selected)) this.select(null);
    this.refresh();
  }

  select(id: string | null): void {
    if (this.selected === id) return;
    this.selected = id;
    this.draft = null;
    this.refresh();
    this.events.onSelect(id);
  }

  get selectedId(): string | null {
    return this.selected;
  }

  setMode(mode: Mode): void {
    this.mode = mode;
    this.start = this.end = null;
    this.container.dataset["mode"] = mode;
    this.refresh();
  }

  /** Scrolls so far that the selected finding is seen. */
  reveal(): void {
    const place = this.selected && this.placeOf(this.selected);
    if (!place || !this.image) return;
    const box = this.boxAt(place);
    const [x, y] = toScreen(this.view, [box.x + box.w / 2, box.y + box.h / 2]);
    const { width, height } = this.stage.size();
    // At the edge of a picture that is seen whole there is nothing to scroll to.
    const edge = this.isFitted ? 0 : 40;
    if (x > edge && y > edge && x < width - edge && y < height - edge) return;
    this.look({ ...this.view, x: this.view.x + width / 2 - x, y: this.view.y + height / 2 - y });
  }

  zoom(factor: number): void {
    const { width, height } = this.stage.size();
    this.zoomAt([width / 2, height / 2], factor);
  }

  fit(): void {
    const { width, height } = this.stage.size();
    if (!this.picture.canvas.width) return;
    this.isFitted = true;
    this.view = fitted(this.picture.canvas.width, this.picture.canvas.height, width, height);
    this.refresh();
  }

  refresh(): void {
    const { zoom } = this.view;
    this.pictureNode.setAttrs({ image: this.picture.canvas, x: this.view.x, y: this.view.y, scaleX: zoom, scaleY: zoom });
    this.pictureNode.width(this.picture.canvas.width);
    this.pictureNode.height(this.picture.canvas.height);
    this.pictureNode.getLayer()?.imageSmoothingEnabled(zoom < SHARP_FROM_ZOOM);
    this.placeHandles();
    this.stage.batchDraw();
  }

  /** Where a point of the picture is: client coordinates. */
  clientPoint(point: Point): Point {
    const { left, top } = this.container.getBoundingClientRect();
    const [x, y] = toScreen(this.view, point);
    return [left + x, top + y];
  }

  private get image(): AnalysedImage | null {
    if (!this.review) return null;
    return this.showsMachine ? this.review.machine : (this.draft ?? this.review.analysis);
  }

  private get isEditable(): boolean {
    return this.mayEdit && !this.showsMachine && this.showsFindings;
  }

  private placeOf(id: string): { list: "capillaries" | "haemorrhages"; at: number } | null {
    for (const list of ["capillaries", "haemorrhages"] as const) {
      const at = this.review?.[list].findIndex((one) => one.finding_id === id) ?? -1;
      if (at >= 0) return { list, at };
    }
    return null;
  }

  private boxAt({ list, at }: { list: "capillaries" | "haemorrhages"; at: number }): Box {
    return boxOf((this.draft ?? this.review!.analysis)[list][at]!.bbox_px);
  }

  private newFrame(): Konva.Rect {
    // Filled, or only its line could be dragged; the overlay's own frame around it is what is seen.
    const frame = new Konva.Rect({ draggable: true, visible: false, fill: "rgba(0,0,0,0.001)" });
    // Of boxes that overlap the smaller one lies within the larger one's frame.
    frame.on("click tap", () => this.selectAt(toImage(this.view, this.pointer())));
    frame.on("dragmove transform", () => this.follow(this.frameBox()));
    frame.on("dragend transformend", () => {
      const box = this.frameBox();
      frame.scale({ x: 1, y: 1 });
      if (this.selected) this.events.onBox(this.selected, box);
    });
    return frame;
  }

  private newTransformer(): Konva.Transformer {
    const isCoarse = window.matchMedia("(pointer: coarse)").matches;
    return new Konva.Transformer({
      rotateEnabled: false,
      flipEnabled: false,
      keepRatio: false,
      ignoreStroke: true,
      borderEnabled: false,
      anchorSize: isCoarse ? 20 : 11,
      anchorCornerRadius: 3,
      anchorFill: "#10162b",
      anchorStroke: ACCENT,
      anchorStrokeWidth: 2,
      padding: 0,
      boundBoxFunc: (before, after) =>
        Math.min(after.width, after.height) < MIN_BOX_PX * this.view.zoom ? before : after,
    });
  }

  private frameBox(): Box {
    const [x, y] = toImage(this.view, [this.frame.x(), this.frame.y()]);
    const { zoom } = this.view;
    return {
      x,
      y,
      w: (this.frame.width() * this.frame.scaleX()) / zoom,
      h: (this.frame.height() * this.frame.scaleY()) / zoom,
    };
  }

  private follow(box: Box): void {
    const place = this.selected && this.placeOf(this.selected);
    if (!place) return;
    this.draft = withBox(this.review!.analysis, place.list, place.at, box);
    this.findings.getLayer()?.batchDraw();
  }

  private placeHandles(): void {
    this.handles.find(".end").forEach((node) => node.destroy());
    const place = this.selected && this.placeOf(this.selected);
    const isShown = Boolean(place) && this.isEditable && this.mode === "select";
    this.frame.visible(isShown);
    this.transformer.nodes(isShown ? [this.frame] : []);
    if (!place || !isShown) return;
    const box = this.boxAt(place);
    const [x, y] = toScreen(this.view, [box.x, box.y]);
    this.frame.setAttrs({ x, y, width: box.w * this.view.zoom, height: box.h * this.view.zoom, scaleX: 1, scaleY: 1 });
    if (place.list === "capillaries") WIDTH_KINDS.forEach((kind) => this.placeEnds(place.at, kind));
    this.transformer.forceUpdate();
  }

  private placeEnds(at: number, kind: WidthKind): void {
    const segment = this.review!.analysis.capillaries[at]!.segments_px[kind];
    if (!segment) return;
    for (const index of [0, 1] as const) {
      const [x, y] = toScreen(this.view, segment[index]);
      const [dx, dy] = outwards(toScreen(this.view, segment[index === 0 ? 1 : 0]), [x, y], HANDLE_AWAY_PX);
      // Beside the column and hollow: the edge that it stands for has to be seen.
      const handle = new Konva.Circle({
        x: x + dx,
        y: y + dy,
        name: "end",
        radius: HANDLE_RADIUS,
        stroke: "#fff",
        strokeWidth: 2,
        hitStrokeWidth: TOUCH_MARGIN_PX,
        shadowColor: "#000",
        shadowBlur: 3,
        draggable: true,
      });
      const moved = (): Segment => {
        const here = toImage(this.view, [handle.x() - dx, handle.y() - dy]);
        return index === 0 ? [here, segment[1]] : [segment[0], here];
      };
      handle.on("dragstart dragmove", () => this.followEnd(at, kind, moved(), index));
      handle.on("dragend", () => {
        this.rest();
        if (this.selected) this.events.onWidth(this.selected, kind, moved());
      });
      this.handles.add(handle);
    }
  }

  private followEnd(at: number, kind: WidthKind, segment: Segment, index: 0 | 1): void {
    this.draft = withSegment(this.review!.analysis, at, kind, segment);
    this.findings.getLayer()?.batchDraw();
    this.loupe.show(segment[index], toScreen(this.view, segment[index]), this.stage.size(), segment);
    this.events.onLive(kind, segment);
  }

  private rest(): void {
    this.loupe.hide();
    this.events.onLive(null, null);
  }

  private drawVessels(context: CanvasRenderingContext2D): void {
    const { x, y, zoom } = this.view;
    if (this.vessels) this.vessels.draw(context, x, y, zoom);
  }

  private drawFindings(context: CanvasRenderingContext2D): void {
    if (!this.image) return;
    const { x, y, zoom } = this.view;
    context.save();
    context.translate(x, y);
    this.overlay.draw(context, this.image, zoom, this.showsFindings ? ALL_LAYERS : NO_LAYERS, this.emphasis());
    this.frameSelected(context);
    context.restore();
  }

  private emphasis(): Emphasis {
    if (!this.review || this.showsMachine) return { isDistalOnly: true };
    const numbers = numbersOf(this.review.analysis, this.review);
    const place = this.selected ? this.placeOf(this.selected) : null;
    return {
      numbers: this.review.capillaries.map(({ finding_id }) => numbers.get(finding_id)!),
      isDistalOnly: true,
      contradicted: new Set(this.review.capillaries.flatMap((one, index) => (one.contradicts ? [index] : []))),
      possible: new Set(this.review.capillaries.flatMap((one, index) => (one.is_possible_giant ? [index] : []))),
      at: place?.list === "capillaries" ? place.at : null,
    };
  }

  private frameSelected(context: CanvasRenderingContext2D): void {
    const place = this.selected && this.placeOf(this.selected);
    if (!place || this.showsMachine || !this.showsFindings) return;
    const { zoom } = this.view;
    const box = this.boxAt(place);
    context.setLineDash([]);
    context.lineWidth = 2;
    context.strokeStyle = ACCENT;
    context.strokeRect((box.x + 0.5) * zoom - 4, (box.y + 0.5) * zoom - 4, box.w * zoom + 8, box.h * zoom + 8);
  }

  private drawSketch(context: CanvasRenderingContext2D): void {
    if (!this.start || !this.end) return;
    const [x0, y0] = toScreen(this.view, this.start);
    const [x1, y1] = toScreen(this.view, this.end);
    const isBox = this.mode === "capillary" || this.mode === "haemorrhage";
    for (const [width, colour] of [[5, "rgba(6,10,16,.62)"], [2, isBox ? ACCENT : "#fff"]] as const) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      if (isBox) {
        context.strokeRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0));
        continue;
      }
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
    }
    if (this.mode === "measure") this.label(context, [x1, y1]);
  }

  private label(context: CanvasRenderingContext2D, [x, y]: Point): void {
    const umPerPx = this.review?.analysis.um_per_px ?? null;
    const { px, um } = measure([this.start!, this.end!], umPerPx);
    const words = widthWords(um, px, umPerPx);
    context.font = '600 14px "Inter Variable", system-ui, sans-serif';
    context.textAlign = "left";
    context.lineWidth = 4;
    context.strokeStyle = "rgba(6,10,16,.8)";
    context.strokeText(words, x + 12, y - 10);
    context.fillStyle = "#fff";
    context.fillText(words, x + 12, y - 10);
  }

  private listen(): void {
    const { stage } = this;
    stage.on("wheel", ({ evt }) => {
      evt.preventDefault();
      this.zoomAt(this.pointer(), WHEEL_STEP ** -evt.deltaY);
    });
    stage.on("mousedown touchstart", (event) => this.press(event));
    stage.on("mousemove touchmove", (event) => this.move(event));
    stage.on("mouseup touchend", (event) => this.release(event.evt));
    window.addEventListener("mouseup", () => (this.panFrom = null));
  }

  private press(event: Konva.KonvaEventObject<MouseEvent | TouchEvent>): void {
    const touches = touchesOf(event.evt);
    if (touches.length === 2) {
      this.start = this.end = null;
      this.panFrom = null;
      this.pinch = this.pinchOf(touches);
      return;
    }
    this.hasMoved = false;
    const isMiddle = "button" in event.evt && event.evt.button === 1;
    if (this.mode !== "select" && !isMiddle) {
      this.start = this.end = toImage(this.view, this.pointer());
      return;
    }
    // A handle is being grabbed; Konva drags it.
    if (event.target !== this.stage && !isMiddle) return;
    this.panFrom = this.pointer();
  }

  private move(event: Konva.KonvaEventObject<MouseEvent | TouchEvent>): void {
    const touches = touchesOf(event.evt);
    if (touches.length === 2 && this.pinch) return this.movePinch(touches);
    const at = this.pointer();
    if (this.start && this.mode !== "select") {
      this.end = toImage(this.view, at);
      this.hasMoved = true;
      const isLine = this.mode !== "capillary" && this.mode !== "haemorrhage";
      const line: Segment = [this.start, this.end];
      if (isLine) {
        this.loupe.show(this.end, at, this.stage.size(), line);
        this.events.onLive(this.mode as WidthKind | "measure", line);
      }
      this.handles.batchDraw();
      return;
    }
    if (!this.panFrom) return;
    const [dx, dy] = [at[0] - this.panFrom[0], at[1] - this.panFrom[1]];
    if (!this.hasMoved && Math.hypot(dx, dy) < 4) return;
    this.hasMoved = true;
    this.panFrom = at;
    this.look({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  private release(event: MouseEvent | TouchEvent): void {
    if (this.pinch) {
      if (touchesOf(event).length === 0) this.pinch = null;
      return;
    }
    if (this.start && this.end && this.mode !== "select") return this.finishSketch(this.start, this.end);
    if (this.panFrom && !this.hasMoved) this.selectAt(toImage(this.view, this.pointer()));
    this.panFrom = null;
  }

  private selectAt(point: Point): void {
    if (!this.review || this.showsMachine) return;
    this.select(findingAt(this.review.analysis, this.review, point, 6 / this.view.zoom));
  }

  private finishSketch(start: Point, end: Point): void {
    const mode = this.mode;
    this.rest();
    // A measured line stays until the next one.
    if (mode === "measure") return;
    this.start = this.end = null;
    this.handles.batchDraw();
    if (!this.hasMoved) return;
    if (mode === "capillary" || mode === "haemorrhage") this.events.onNewBox(mode, boxBetween(start, end));
    else if (this.selected && mode !== "select") this.events.onWidth(this.selected, mode, [start, end]);
    this.events.onDrawn();
  }

  private pinchOf(touches: Touch[]): { distance: number; middle: Point } {
    const { left, top } = this.container.getBoundingClientRect();
    const [a, b] = touches as [Touch, Touch];
    return {
      distance: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
      middle: [(a.clientX + b.clientX) / 2 - left, (a.clientY + b.clientY) / 2 - top],
    };
  }

  private movePinch(touches: Touch[]): void {
    const now = this.pinchOf(touches);
    const before = this.pinch!;
    const [dx, dy] = [now.middle[0] - before.middle[0], now.middle[1] - before.middle[1]];
    this.view = { ...this.view, x: this.view.x + dx, y: this.view.y + dy };
    this.zoomAt(now.middle, now.distance / Math.max(1, before.distance));
    this.pinch = now;
  }

  private pointer(): Point {
    const at = this.stage.getPointerPosition() ?? { x: 0, y: 0 };
    return [at.x, at.y];
  }

  private zoomAt(at: Point, factor: number): void {
    const { width, height } = this.stage.size();
    const least = fitted(this.picture.canvas.width, this.picture.canvas.height, width, height).zoom / 2;
    this.look(zoomedAt(this.view, at, factor, least));
  }

  private look(view: View): void {
    const { width, height } = this.stage.size();
    this.isFitted = false;
    this.view = clamped(view, this.picture.canvas.width, this.picture.canvas.height, width, height);
    this.refresh();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.container;
    if (!clientWidth || !clientHeight) return;
    this.stage.size({ width: clientWidth, height: clientHeight });
    if (this.isFitted) this.fit();
    else this.look(this.view);
  }
}

function touchesOf(event: MouseEvent | TouchEvent): Touch[] {
  return "touches" in event ? [...event.touches] : [];
}
