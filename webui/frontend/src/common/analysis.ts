// The parts of the `nailfold.analysis/1` document that the pages read.

export type Point = [number, number];
export type Segment = [Point, Point];
export type Morphology = "normal" | "tortuous" | "ramified" | "giant";
export type SizeClass = "normal" | "enlarged" | "giant";

export interface Widths<T> {
  apical: T | null;
  arterial: T | null;
  venous: T | null;
}

export interface Capillary {
  bbox_px: [number, number, number, number];
  score: number;
  track_id: number | null;
  row: "distal" | "other";
  morphology: Morphology;
  size: SizeClass;
  size_basis: "measured" | "appearance";
  apex_px: Point | null;
  segments_px: Widths<Segment>;
  widths_px: Widths<number>;
  widths_um: Widths<number>;
}

export interface Haemorrhage {
  bbox_px: [number, number, number, number];
  score: number;
}

export interface Quality {
  evaluable: boolean;
  reasons: string[];
  /** What would make a better picture; absent in older results. */
  hints?: string[];
  focus: number;
  glare: number;
  motion_px: number | null;
}

export interface Metrics {
  distal_row_mm: number | null;
  capillaries_total: number;
  capillaries_distal: number;
  density_per_mm: number | null;
  density_unmeasurable_because: string | null;
  mean_apical_um: number | null;
  largest_width_um: number | null;
  normal: number;
  tortuous: number;
  ramified: number;
  giant: number;
  size_normal: number;
  size_enlarged: number;
  size_giant: number;
  haemorrhages: number;
}

export interface AnalysedImage {
  width: number;
  height: number;
  captured_at: string;
  um_per_px: number | null;
  calibration_id: string | null;
  quality: Quality;
  capillaries: Capillary[];
  haemorrhages: Haemorrhage[];
  metrics: Metrics;
}
