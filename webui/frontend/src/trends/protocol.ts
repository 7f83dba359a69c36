// What GET /api/v1/patients/<id>/trends answers, and one figure of it lined up with the exams.

export interface TrendExam {
  exam_id: string;
  started_at_utc: string;
  is_validated: boolean;
}

export interface Change {
  since: string;
  by: number;
  limit: number | null;
  is_limit_published: boolean;
  is_significant: boolean | null;
  has_other_engines: boolean;
}

export interface Point {
  exam_id: string;
  value: number | null;
  uncertainty: number | null;
  because: string | null;
  change: Change | null;
}

export interface Series {
  key: "density_per_mm" | "mean_apical_um" | "giants" | "haemorrhages";
  unit: string;
  decimals: number;
  is_per_image: boolean;
  cuts: number[];
  points: Point[];
}

export interface Group {
  hand: "left" | "right" | null;
  finger: "thumb" | "index" | "middle" | "ring" | "little" | null;
  series: Series[];
}

export interface Trends {
  exams: TrendExam[];
  groups: Group[];
}

/** The points of a figure in the order of the exams; null for an exam that has none of this finger. */
export function lineUp(exams: TrendExam[], series: Series): (Point | null)[] {
  const known = new Map(series.points.map((point) => [point.exam_id, point]));
  return exams.map((exam) => known.get(exam.exam_id) ?? null);
}

/** Lower and upper end of the 95 % interval, never below nothing; null where none is known. */
export function interval(point: Point | null): [number, number] | null {
  if (point?.value == null || point.uncertainty === null) return null;
  return [Math.max(0, point.value - point.uncertainty), point.value + point.uncertainty];
}

/** The end of the axis: above every value, every interval and every limit. */
export function highest(points: (Point | null)[], cuts: number[]): number {
  const tops = points.map((point) => interval(point)?.[1] ?? point?.value ?? 0);
  return Math.max(1, ...tops, ...cuts) * 1.15;
}
