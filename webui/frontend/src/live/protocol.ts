// What the station says over the live WebSocket.

import type { AnalysedImage } from "../common/analysis";
import type { ButtonsDocument, GuidedDocument, LiveExam as ExamDocument } from "../generated/api";

export type {
  GuidedDocument,
  LiveExam as ExamDocument,
  LiveImage as CapturedImage,
  LivePlace as Placement,
} from "../generated/api";

export interface FrameHeader {
  type: "frame";
  seq: number;
  captured_at_utc: string;
  captured_monotonic_s: number;
  stage_ms: Record<string, number>;
  image: AnalysedImage;
  /** Half of the 95 % interval of the density, as the report computes it; null without a density. */
  density_ci95_per_mm: number | null;
}

export interface FrameMessage {
  header: FrameHeader;
  jpeg: Blob;
}

export interface Status {
  type: "status";
  camera: {
    phase: "starting" | "live" | "lost" | "ended";
    reason: string;
    name: string | null;
    capture_fps: number;
    frames_captured: number;
    frames_dropped: number;
  };
  engine: { fps: number; runtime: string; software_version: string; engines: Record<string, string>; problem: string };
  calibration: {
    calibration_id: string;
    um_per_px: number;
    uncertainty_um_per_px: number | null;
    is_due: boolean;
    origin: string;
    magnification: string | null;
  } | null;
  calibration_problem: string;
  outbox: {
    pending: number;
    sent: number;
    acknowledged: number;
    dead: number;
    last_error: string;
    expects_receipts: boolean;
  };
  broker: { is_enabled: boolean; is_connected: boolean; reason: string };
  live: { listeners: number; frames_encoded: number };
  guided: GuidedDocument;
  exam: ExamDocument;
  buttons: ButtonsDocument;
}

export interface Pong {
  type: "pong";
  sent_ms: number;
  station_monotonic_s: number;
}

const LENGTH_BYTES = 4;

/** Header and picture of one binary message; throws where the message is cut short. */
export function parseFrameMessage(message: ArrayBuffer): FrameMessage {
  const headerLength = new DataView(message).getUint32(0);
  const end = LENGTH_BYTES + headerLength;
  if (end >= message.byteLength) {
    throw new Error(`live message of ${message.byteLength} bytes announces a header of ${headerLength}`);
  }
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(message, LENGTH_BYTES, headerLength)));
  return { header, jpeg: new Blob([new Uint8Array(message, end)], { type: "image/jpeg" }) };
}
