// Made by `npm run types` from appliance/schemas/nailfold.analysis-1.schema.json; not to be edited.

/**
 * Digest of the weights file.
 */
export type Digest = string;
/**
 * [x, y, width, height] in pixels of the full frame; x, y is the top-left corner.
 *
 * @minItems 4
 * @maxItems 4
 */
export type BboxPx = [number, number, number, number];
/**
 * [x, y] in pixels of the full frame; x right, y down, origin at the centre of the top-left pixel. May lie outside the frame.
 *
 * @minItems 2
 * @maxItems 2
 */
export type PointPx = [number, number];
/**
 * The detector's confidence, 0 to 1.
 */
export type Score = number;
/**
 * The two ends of a width, in pixels; the apical one from the outer to the inner edge of the bend.
 *
 * @minItems 2
 * @maxItems 2
 */
export type SegmentPx = [PointPx, PointPx];

/**
 * Result of the analysis of nailfold images. Not measurable is null, never a default.
 */
export interface Analysis {
  /**
   * Name and major version of this format.
   */
  schema: "nailfold.analysis/1";
  software: Software;
  /**
   * One entry per image.
   */
  images: Image[];
}
/**
 * What produced the results.
 */
export interface Software {
  /**
   * Version of the product.
   */
  version: string;
  /**
   * What ran the networks: "onnxruntime-cpu", "tensorrt-10.3" and the like.
   */
  runtime: string;
  /**
   * Role of each network ("detector", "keypoints") to the digest of its weights.
   */
  engines: {
    [k: string]: Digest;
  };
}
/**
 * One analysed image. All pixel coordinates are of the full frame: x right, y down, origin at the centre of the top-left pixel.
 */
export interface Image {
  /**
   * Name of the image file; null for a live frame.
   */
  file: string | null;
  /**
   * Width of the full frame in pixels.
   */
  width: number;
  /**
   * Height of the full frame in pixels.
   */
  height: number;
  /**
   * When the picture was taken, UTC, RFC 3339 with milliseconds.
   */
  captured_at: string;
  /**
   * Micrometres per pixel of the full frame, same for both axes; null without a calibration.
   */
  um_per_px: number | null;
  /**
   * Half the width of the scale's 95 % interval, in micrometres per pixel; left out where it is unknown.
   */
  um_per_px_uncertainty?: number;
  /**
   * Areas in which nobody could see a loop: glare, out of focus, no picture. Left out where there are none.
   */
  hidden_px?: BboxPx[];
  /**
   * The stretches of the distal row along which density is counted, each a line of points. Left out where there is no row.
   */
  counted_row_px?: [PointPx, PointPx, ...PointPx[]][];
  /**
   * Which calibration gave the scale; null without one.
   */
  calibration_id: string | null;
  quality: Quality;
  /**
   * Every capillary, best score first.
   */
  capillaries: Capillary[];
  /**
   * Every microhaemorrhage, best score first.
   */
  haemorrhages: Haemorrhage[];
  metrics: Metrics;
  /**
   * Number of the frame since the station started; live frames alone.
   */
  seq?: number;
  /**
   * Milliseconds that each stage took ("detector", "keypoints", ..., "total"); live frames alone.
   */
  stage_ms?: {
    [k: string]: number;
  };
}
/**
 * Whether the image is good enough to be measured.
 */
export interface Quality {
  /**
   * False if any reason stands; such an image has no density.
   */
  evaluable: boolean;
  /**
   * Everything that speaks against the image, worst first.
   */
  reasons: (
    | "underexposed"
    | "overexposed"
    | "out_of_focus"
    | "motion"
    | "glare"
    | "blanched"
    | "turned"
    | "no_capillaries"
    | "low_magnification"
  )[];
  /**
   * 0 (no detail) to 1 (as sharp as the optics allow).
   */
  focus: number;
  /**
   * Share of the image that is saturated, 0 to 1.
   */
  glare: number;
  /**
   * Shift against the previous frame in pixels; null for a still.
   */
  motion_px: number | null;
  /**
   * Mean grey level, 0 to 1.
   */
  exposure: number;
  /**
   * What would make a better picture, although this one can be evaluated; absent in older results.
   */
  hints?: ("row_out_of_view" | "row_tilted")[];
}
/**
 * One capillary loop.
 */
export interface Capillary {
  bbox_px: BboxPx;
  score: Score;
  /**
   * Stable from frame to frame of a video; null for a still or a loop seen for the first time.
   */
  track_id: number | null;
  /**
   * Only the distal row counts for density.
   */
  row: "distal" | "other";
  /**
   * Shape. Tortuous is not abnormal (EULAR).
   */
  morphology: "normal" | "tortuous" | "ramified" | "giant";
  /**
   * Calibre: below 20 um normal, 20 to 50 um enlarged, above 50 um giant (doi 10.1016/j.autrev.2020.102458).
   */
  size: "normal" | "enlarged" | "giant";
  /**
   * Whether the calibre was measured in micrometres or judged by appearance.
   */
  size_basis: "measured" | "appearance";
  /**
   * Whether the widest measured width lies within one pixel of 20 or 50 um, so that the class may be the next one.
   */
  size_is_near_cut: boolean;
  /**
   * Outermost point of the bend; null where not measurable.
   */
  apex_px: PointPx | null;
  /**
   * Where each width was measured in this image.
   */
  segments_px: {
    /**
     * Where the apical width was measured; null where not measurable.
     */
    apical: SegmentPx | null;
    /**
     * Where the arterial width was measured; null where not measurable.
     */
    arterial: SegmentPx | null;
    /**
     * Where the venous width was measured; null where not measurable.
     */
    venous: SegmentPx | null;
  };
  /**
   * Widths in pixels, smoothed over time where the loop was followed in video.
   */
  widths_px: {
    /**
     * Apical width of the red-cell column in pixels; null where not measurable.
     */
    apical: number | null;
    /**
     * Arterial width of the red-cell column in pixels; null where not measurable.
     */
    arterial: number | null;
    /**
     * Venous width of the red-cell column in pixels; null where not measurable.
     */
    venous: number | null;
  };
  /**
   * The same widths in micrometres.
   */
  widths_um: {
    /**
     * Apical width of the red-cell column in micrometres; null where not measurable or not calibrated.
     */
    apical: number | null;
    /**
     * Arterial width of the red-cell column in micrometres; null where not measurable or not calibrated.
     */
    arterial: number | null;
    /**
     * Venous width of the red-cell column in micrometres; null where not measurable or not calibrated.
     */
    venous: number | null;
  };
}
/**
 * One microhaemorrhage.
 */
export interface Haemorrhage {
  bbox_px: BboxPx;
  score: Score;
}
/**
 * What is counted and computed in the image.
 */
export interface Metrics {
  /**
   * Loops in the image.
   */
  capillaries_total: number;
  /**
   * Loops in the distal row that count by the edge rule.
   */
  capillaries_distal: number;
  /**
   * Length of the distal row inside the image in millimetres; null without a calibration or a row.
   */
  distal_row_mm: number | null;
  /**
   * Distal loops per millimetre of the distal row; null with the reason beside it.
   */
  density_per_mm: number | null;
  /**
   * Mean apical width over the distal row in micrometres; null where none is calibrated.
   */
  mean_apical_um: number | null;
  /**
   * Widest column of any loop in micrometres; null where none is calibrated.
   */
  largest_width_um: number | null;
  /**
   * Loops of normal shape.
   */
  normal: number;
  /**
   * Tortuous loops.
   */
  tortuous: number;
  /**
   * Ramified loops, of whatever calibre.
   */
  ramified: number;
  /**
   * Giant loops by shape; a ramified giant is counted under ramified here and under size_giant.
   */
  giant: number;
  /**
   * Loops of normal calibre.
   */
  size_normal: number;
  /**
   * Loops of enlarged calibre.
   */
  size_enlarged: number;
  /**
   * Loops of giant calibre, of whatever shape.
   */
  size_giant: number;
  /**
   * Microhaemorrhages.
   */
  haemorrhages: number;
  /**
   * Why there is no density; null when there is one.
   */
  density_unmeasurable_because: "no_calibration" | "not_evaluable" | "no_distal_row" | "row_hidden" | null;
}
