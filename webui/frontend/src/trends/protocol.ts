// What GET /api/v1/patients/<id>/trends answers, and one figure of it lined up with the exams.

import type { PointDocument as Point, SeriesDocument as Series, TrendExamDocument as TrendExam } from "../generated/api";

export type {
  ChangeDocument as Change,
  GroupDocument as Group,
  PointDocument as Point,
  SeriesDocument as Series,
  TrendExamDocument as TrendExam,
  TrendsAnswer as Trends,
} from "../generated/api";

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
