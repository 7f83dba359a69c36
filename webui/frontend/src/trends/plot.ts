// One figure over the exams: a line with its 95 % band, drawn by uPlot; points, limits and changes by hand.

import uPlot from "uplot";

import { figure, language } from "../common/i18n";
import { highest, interval, lineUp, type Point, type Series, type TrendExam } from "./protocol";

const HEIGHT_PX = 210;
const DAY_S = 86400;
const LONG_S = 400 * DAY_S;
const RADIUS = 4.5;

/** A plot inside `host`; `chosen` is called with the exam that the pointer is nearest to. */
export class TrendPlot {
  readonly points: (Point | null)[];
  private readonly plot: uPlot;
  private readonly sizes: ResizeObserver;
  private at: number;

  constructor(
    host: HTMLElement,
    private readonly exams: TrendExam[],
    readonly series: Series,
    chosen: (at: number) => void,
  ) {
    this.points = lineUp(exams, series);
    this.at = exams.length - 1;
    this.plot = new uPlot(this.options(host.clientWidth, chosen), this.data(), host);
    this.sizes = new ResizeObserver(() => this.plot.setSize({ width: host.clientWidth, height: HEIGHT_PX }));
    this.sizes.observe(host);
  }

  /** Mark an exam. */
  mark(at: number): void {
    this.at = at;
    this.plot.redraw(false);
  }

  recolour(): void {
    this.plot.redraw(false, true);
  }

  destroy(): void {
    this.sizes.disconnect();
    this.plot.destroy();
  }

  private data(): uPlot.AlignedData {
    const ends = this.points.map(interval);
    return [
      this.exams.map((exam) => Date.parse(exam.started_at_utc) / 1000),
      ends.map((one) => one?.[0] ?? null),
      ends.map((one) => one?.[1] ?? null),
      this.points.map((point) => point?.value ?? null),
    ];
  }

  private options(width: number, chosen: (at: number) => void): uPlot.Options {
    const edge: uPlot.Series = { stroke: "transparent", points: { show: false } };
    const line = () => colour("--line");
    return {
      width,
      height: HEIGHT_PX,
      padding: [10, 34, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: (_, low, high) => padded(low, high) },
        y: { range: () => [0, highest(this.points, this.series.cuts)] },
      },
      axes: [
        { stroke: () => colour("--muted"), font: font(), grid: { show: false }, ticks: { stroke: line, size: 5 }, size: 28, gap: 4, space: 84, values: dates },
        { stroke: () => colour("--muted"), font: font(), grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 44, space: 34, values: (_, splits) => numbers(splits) },
      ],
      series: [{}, edge, edge, { stroke: () => colour("--accent"), width: 2, points: { show: false } }],
      bands: [{ series: [2, 1], fill: () => colour("--accent-soft") }],
      hooks: {
        draw: [(plot) => this.draw(plot)],
        setCursor: [(plot) => { if (plot.cursor.idx != null) chosen(plot.cursor.idx); }],
      },
    };
  }

  private draw(plot: uPlot): void {
    const pen = new Pen(plot);
    for (const cut of this.series.cuts) pen.limit(cut, figure(cut));
    this.points.forEach((point, index) => {
      if (point?.value == null) return;
      const x = plot.data[0][index]!;
      const ends = interval(point);
      if (ends) pen.whisker(x, ends);
      if (index === this.at) pen.halo(x, point.value);
      pen.point(x, point.value, this.exams[index]!.is_validated);
      if (point.change?.is_significant) pen.mark(x, ends?.[1] ?? point.value, point.change.by > 0, point.change.is_limit_published);
    });
  }
}

/** Draws in values, at the canvas's own resolution. */
class Pen {
  private readonly ratio = devicePixelRatio;

  constructor(private readonly plot: uPlot) {}

  limit(value: number, label: string): void {
    const { ctx, bbox } = this.plot;
    const y = this.y(value);
    this.stroked("--warn", 1, [5, 5], () => (ctx.moveTo(bbox.left, y), ctx.lineTo(bbox.left + bbox.width, y)));
    ctx.save();
    ctx.fillStyle = colour("--warn");
    ctx.font = font(11 * this.ratio);
    ctx.textAlign = "right";
    ctx.fillText(label, bbox.left + bbox.width, y - 4 * this.ratio);
    ctx.restore();
  }

  whisker(x: number, [low, high]: [number, number]): void {
    const { ctx } = this.plot;
    const [at, half] = [this.x(x), 4 * this.ratio];
    this.stroked("--accent", 1.5, [], () => {
      ctx.moveTo(at, this.y(low));
      ctx.lineTo(at, this.y(high));
      for (const end of [low, high]) (ctx.moveTo(at - half, this.y(end)), ctx.lineTo(at + half, this.y(end)));
    });
  }

  halo(x: number, value: number): void {
    this.plot.ctx.save();
    this.plot.ctx.fillStyle = colour("--accent-soft");
    this.circle(x, value, RADIUS * 2.6);
    this.plot.ctx.fill();
    this.plot.ctx.restore();
  }

  /** Filled where a physician validated the exam. */
  point(x: number, value: number, isFilled: boolean): void {
    const { ctx } = this.plot;
    ctx.save();
    ctx.fillStyle = colour(isFilled ? "--accent" : "--surface");
    ctx.strokeStyle = colour("--accent");
    ctx.lineWidth = 2 * this.ratio;
    this.circle(x, value, RADIUS);
    ctx.fill();
    ctx.stroke();
    ctx.restore();
  }

  /** A triangle that says up or down; filled beyond the published repeatability, hollow beyond the uncertainty alone. */
  mark(x: number, above: number, isUp: boolean, isFilled: boolean): void {
    const { ctx } = this.plot;
    const [at, size] = [this.x(x), 5.5 * this.ratio];
    const base = this.y(above) - 9 * this.ratio;
    const [foot, tip] = isUp ? [base, base - size * 1.6] : [base - size * 1.6, base];
    ctx.save();
    ctx.fillStyle = ctx.strokeStyle = colour("--text");
    ctx.lineWidth = 1.5 * this.ratio;
    ctx.beginPath();
    ctx.moveTo(at - size, foot);
    ctx.lineTo(at + size, foot);
    ctx.lineTo(at, tip);
    ctx.closePath();
    if (isFilled) ctx.fill();
    ctx.stroke();
    ctx.restore();
  }

  private circle(x: number, value: number, radius: number): void {
    this.plot.ctx.beginPath();
    this.plot.ctx.arc(this.x(x), this.y(value), radius * this.ratio, 0, 2 * Math.PI);
  }

  private stroked(name: string, width: number, dash: number[], path: () => void): void {
    const { ctx } = this.plot;
    ctx.save();
    ctx.strokeStyle = colour(name);
    ctx.lineWidth = width * this.ratio;
    ctx.setLineDash(dash.map((one) => one * this.ratio));
    ctx.beginPath();
    path();
    ctx.stroke();
    ctx.restore();
  }

  private x(value: number): number {
    return this.plot.valToPos(value, "x", true);
  }

  private y(value: number): number {
    return this.plot.valToPos(value, "y", true);
  }
}

function padded(low: number, high: number): [number, number] {
  const room = Math.max((high - low) * 0.06, 3600);
  return [low - room, high + room];
}

/** Times within a day or two, days within a year, months beyond. */
function dates(plot: uPlot, splits: number[]): string[] {
  const span = (plot.scales["x"]!.max ?? 0) - (plot.scales["x"]!.min ?? 0);
  const parts: Intl.DateTimeFormatOptions =
    span < 2 * DAY_S ? { hour: "2-digit", minute: "2-digit" } : span < LONG_S ? { day: "numeric", month: "short" } : { month: "short", year: "numeric" };
  return splits.map((split) => new Date(split * 1000).toLocaleString(language(), parts));
}

function numbers(splits: number[]): string[] {
  const isWritten = (decimals: number): boolean => splits.every((one) => Math.abs(one - Number(one.toFixed(decimals))) < 1e-6);
  const decimals = [0, 1, 2].find(isWritten) ?? 3;
  return splits.map((one) => figure(one, decimals));
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function font(px = 12): string {
  return `${px}px ${colour("--font")}`;
}
