// The parts of the `nailfold.analysis/1` document that the pages read; their types are made from its JSON Schema.

import type { Capillary } from "../generated/analysis";

export type {
  Capillary,
  Haemorrhage,
  Image as AnalysedImage,
  Metrics,
  PointPx as Point,
  Quality,
  SegmentPx as Segment,
} from "../generated/analysis";

export type Morphology = Capillary["morphology"];
export type SizeClass = Capillary["size"];

export interface Widths<T> {
  apical: T | null;
  arterial: T | null;
  venous: T | null;
}
