// What the station answers about an image under review, and the changes it takes.

import type { AnalysedImage, Morphology, Point, SizeClass } from "../common/analysis";

export type WidthKind = "apical" | "arterial" | "venous";
export const WIDTH_KINDS: readonly WidthKind[] = ["apical", "arterial", "venous"];

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** What of a capillary a person decided. */
export interface CapillaryOrigin {
  finding_id: string;
  is_drawn: boolean;
  widths_by_hand: WidthKind[];
  shape_by_hand: boolean;
  size_by_hand: boolean;
  row_by_hand: boolean;
  is_changed: boolean;
  /** The measured calibre that a person's class contradicts. */
  contradicts: SizeClass | null;
  /** A giant that the machine alone found and is not sure of: it counts in no score until a person confirms it. */
  is_possible_giant: boolean;
}

export interface HaemorrhageOrigin {
  finding_id: string;
  is_drawn: boolean;
}

export interface ImageReview {
  exam_id: string;
  image_id: string;
  revision: number;
  analysis: AnalysedImage;
  machine: AnalysedImage;
  capillaries: CapillaryOrigin[];
  haemorrhages: HaemorrhageOrigin[];
  comment: string;
  not_evaluable_because: string | null;
  counts: boolean;
  is_edited: boolean;
  /** Of each metric: the digits that its uncertainty carries. */
  decimals: Record<string, number>;
  can_undo: boolean;
  can_redo: boolean;
  next_finding_id: string;
  validated_by: string | null;
  validated_by_name: string | null;
}

export type Edit =
  | { kind: "add_capillary"; finding_id: string; box: Box; morphology: Morphology }
  | { kind: "delete_capillary"; finding_id: string }
  | { kind: "change_box"; finding_id: string; box: Box }
  | { kind: "set_morphology"; finding_id: string; morphology: Morphology; against_measurement?: boolean }
  | { kind: "set_row"; finding_id: string; row: "distal" | "other" | null }
  | { kind: "set_size"; finding_id: string; size: SizeClass | null; against_measurement?: boolean }
  | { kind: "set_width"; finding_id: string; width: WidthKind; segment: { start_px: Point; end_px: Point } }
  | { kind: "remove_width"; finding_id: string; width: WidthKind }
  | { kind: "add_haemorrhage"; finding_id: string; box: Box }
  | { kind: "delete_haemorrhage"; finding_id: string }
  | { kind: "set_comment"; text: string }
  | { kind: "exclude"; reason: string }
  | { kind: "include" };

/** What the journal keeps of a finding. */
export interface FindingSummary {
  box_px?: number[];
  morphology?: Morphology;
  size?: SizeClass;
  row?: "distal" | "other";
  widths_px?: Record<WidthKind, number | null>;
  widths_um?: Record<WidthKind, number | null>;
}

export interface HistoryEntry {
  seq: number;
  at_utc: string;
  actor: string;
  action: string;
  hash: string;
  detail: {
    edit?: { kind: Edit["kind"]; finding_id?: string; width?: WidthKind; text?: string; reason?: string; against_measurement?: boolean };
    before?: FindingSummary | null;
    after?: FindingSummary | null;
    density_before?: number | null;
    density_after?: number | null;
    invalidates?: string;
    reason?: string;
  };
}

export interface JournalCheck {
  is_intact: boolean;
  entries: number;
  broken_seq: number | null;
  reason: string;
}
