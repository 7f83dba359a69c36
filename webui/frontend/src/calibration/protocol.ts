// What the station says about calibrations.

import type { DrawingDocument as Drawing } from "../generated/api";

export type { Drawing };

export const NOTHING_DRAWN: Drawing = { lines: [], points: [] };

export type { CalibrationDocument as Kept, CalibrationsAnswer as Calibrations } from "../generated/api";

export interface FrozenPicture {
  picture_id: string;
  width_px: number;
  height_px: number;
  device_name: string;
}

export interface Measurement {
  measurement_id: string;
  picture_id: string;
  axis: "x" | "y";
  method: "graduations" | "two_points";
  division_um: number;
  um_per_px: number;
  uncertainty_um_per_px: number;
  angle_deg: number;
  length_um: number;
  drawing: Drawing;
  graduations: number | null;
  hidden: number | null;
  long_mark_every: number | null;
}

export interface Combined {
  um_per_px: number;
  uncertainty_um_per_px: number;
  um_per_px_x: number | null;
  um_per_px_y: number | null;
  hint: { plausibility: "fits" | "differs" | "unusual" | "unknown"; field_um: number; known_um: number | null; source: string };
}
