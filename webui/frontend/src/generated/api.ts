// Made by `npm run types` from docs/openapi.json; not to be edited.

export interface Answers {
  TrendsAnswer: TrendsAnswer;
  LiveExam: LiveExam;
  GuidedDocument: GuidedDocument;
  HandMapDocument: HandMapDocument;
  CalibrationsAnswer: CalibrationsAnswer;
  PatientsAnswer: PatientsAnswer;
  BoardAnswer: BoardAnswer;
  ButtonsDocument: ButtonsDocument;
  JobsAnswer: JobsAnswer;
  LookAlikesAnswer: LookAlikesAnswer;
}
/**
 * The course of a patient's figures.
 */
export interface TrendsAnswer {
  /**
   * Finished exams, oldest first
   */
  exams: TrendExamDocument[];
  groups: GroupDocument[];
}
/**
 * One exam of the course.
 */
export interface TrendExamDocument {
  exam_id: string;
  /**
   * A physician validated it as it is now
   */
  is_validated: boolean;
  started_at_utc: string;
}
/**
 * The whole exam, where hand and finger are null, or one finger.
 */
export interface GroupDocument {
  finger: ("thumb" | "index" | "middle" | "ring" | "little") | null;
  hand: ("left" | "right") | null;
  series: SeriesDocument[];
}
/**
 * One figure over the exams, oldest first.
 */
export interface SeriesDocument {
  /**
   * Values with a meaning
   */
  cuts: number[];
  /**
   * As printed
   */
  decimals: number;
  /**
   * A count for each image that counts
   */
  is_per_image: boolean;
  key: string;
  points: PointDocument[];
  /**
   * UCUM
   */
  unit: string;
}
/**
 * One figure of one exam.
 */
export interface PointDocument {
  /**
   * Why there is no value
   */
  because: string | null;
  change: ChangeDocument | null;
  /**
   * Of the value and its uncertainty, as printed
   */
  decimals: number;
  exam_id: string;
  /**
   * Counted by another rule than the newest earlier exam with a value: no change is stated
   */
  is_by_another_rule: boolean;
  /**
   * Half the width of the 95 % interval; null where none is known
   */
  uncertainty: number | null;
  value: number | null;
}
/**
 * What changed since an earlier exam.
 */
export interface ChangeDocument {
  by: number;
  /**
   * The two exams were measured by different networks
   */
  has_other_engines: boolean;
  /**
   * The published repeatability is part of the limit
   */
  is_limit_published: boolean;
  /**
   * null where it cannot be said
   */
  is_significant: boolean | null;
  /**
   * Smallest change that counts; null where none is known
   */
  limit: number | null;
  /**
   * exam_id of the newest earlier exam with a value
   */
  since: string;
}
/**
 * The exam under way; `exam_id` is null between exams.
 *
 * Of one `boot_id`, the answer with the higher `revision` is the newer.
 */
export interface LiveExam {
  boot_id: string;
  can_finish: boolean;
  can_redo: boolean;
  can_undo: boolean;
  exam_id: string | null;
  hand_map: HandMapDocument | null;
  /**
   * Oldest first
   */
  images: LiveImage[];
  patient_pseudonym: string | null;
  /**
   * What the protocol proposes, in its order
   */
  placements: LivePlace[];
  protocol: "free" | "16" | "32";
  revision: number;
  selected: LivePlace1;
  skipped: LiveSkipped[];
}
/**
 * What of an exam is done, missing and not evaluable.
 */
export interface HandMapDocument {
  cells: CellDocument[];
  /**
   * Sectors in each state: done, missing, not_evaluable, open
   */
  counts: {
    [k: string]: number;
  };
  /**
   * Nothing that the protocol asks for is missing
   */
  is_complete: boolean;
}
/**
 * One sector of one nailfold.
 */
export interface CellDocument {
  /**
   * Thumbs are outside the standard but offered (doi 10.1016/j.autrev.2020.102458).
   */
  finger: "thumb" | "index" | "middle" | "ring" | "little";
  hand: "left" | "right";
  image_ids: string[];
  /**
   * Why it is not evaluable, in words
   */
  reasons: string[];
  /**
   * Capillary.io's four sectors of a nailfold, plus unknown and panoramic (kept, never in metrics).
   */
  sector: "A" | "B" | "C" | "D" | "unknown" | "panoramic";
  /**
   * Of one sector. OPEN: nothing there and nothing asked for.
   */
  state: "done" | "missing" | "not_evaluable" | "open";
}
/**
 * A capture of the exam under way.
 */
export interface LiveImage {
  captured_at_utc: string;
  density_ci95_per_mm: number | null;
  density_per_mm: number | null;
  /**
   * Thumbs are outside the standard but offered (doi 10.1016/j.autrev.2020.102458).
   */
  finger: "thumb" | "index" | "middle" | "ring" | "little";
  hand: "left" | "right";
  image_id: string;
  is_evaluable: boolean;
  /**
   * What was kept. Only stills and panoramas are analysed; a panorama is counted but never enters the scores.
   */
  kind: "still" | "panorama" | "clip";
  /**
   * Capillary.io's four sectors of a nailfold, plus unknown and panoramic (kept, never in metrics).
   */
  sector: "A" | "B" | "C" | "D" | "unknown" | "panoramic";
}
/**
 * Where on the patient.
 */
export interface LivePlace {
  /**
   * Thumbs are outside the standard but offered (doi 10.1016/j.autrev.2020.102458).
   */
  finger: "thumb" | "index" | "middle" | "ring" | "little";
  hand: "left" | "right";
  /**
   * Capillary.io's four sectors of a nailfold, plus unknown and panoramic (kept, never in metrics).
   */
  sector: "A" | "B" | "C" | "D" | "unknown" | "panoramic";
}
/**
 * Where on the patient.
 */
export interface LivePlace1 {
  /**
   * Thumbs are outside the standard but offered (doi 10.1016/j.autrev.2020.102458).
   */
  finger: "thumb" | "index" | "middle" | "ring" | "little";
  hand: "left" | "right";
  /**
   * Capillary.io's four sectors of a nailfold, plus unknown and panoramic (kept, never in metrics).
   */
  sector: "A" | "B" | "C" | "D" | "unknown" | "panoramic";
}
/**
 * A placement that was declared not evaluable.
 */
export interface LiveSkipped {
  /**
   * Thumbs are outside the standard but offered (doi 10.1016/j.autrev.2020.102458).
   */
  finger: "thumb" | "index" | "middle" | "ring" | "little";
  hand: "left" | "right";
  reason: string;
  /**
   * Capillary.io's four sectors of a nailfold, plus unknown and panoramic (kept, never in metrics).
   */
  sector: "A" | "B" | "C" | "D" | "unknown" | "panoramic";
}
/**
 * All three.
 */
export interface GuidedDocument {
  auto: AutoDocument;
  clip: ClipDocument;
  sweep: SweepDocument;
}
/**
 * Automatic capture.
 */
export interface AutoDocument {
  /**
   * OFF; LOOKING for a good and still picture; HOLDING one; KEPT, until the scope is moved to another place.
   */
  phase: "off" | "looking" | "holding" | "kept";
  /**
   * Why it switched itself off; empty while all is well
   */
  problem: string;
  /**
   * Share of the time that the picture has to be good and still, 0 to 1
   */
  progress: number;
}
/**
 * The video clip being recorded.
 */
export interface ClipDocument {
  phase: "idle" | "recording" | "saving";
  /**
   * Why the last clip was not kept; empty after a success
   */
  problem: string;
  /**
   * Share of the seconds after the request, 0 to 1
   */
  progress: number;
}
/**
 * The sweep for a panorama.
 */
export interface SweepDocument {
  /**
   * The newest picture could not be placed
   */
  is_lost: boolean;
  phase: "idle" | "sweeping" | "stitching";
  /**
   * Why the last sweep gave no panorama; empty after a success
   */
  problem: string;
  seconds: number;
  /**
   * None without a scale
   */
  travelled_mm: number | null;
  travelled_px: number;
}
/**
 * What is plugged in, what applies to it, and all that was kept.
 */
export interface CalibrationsAnswer {
  calibrations: CalibrationDocument[];
  /**
   * null while no picture has come
   */
  device_id: string | null;
  device_name: string | null;
  /**
   * Id of the calibration that applies to the pictures that come now
   */
  in_force: string | null;
  /**
   * The one in force should be checked
   */
  is_due: boolean;
  /**
   * Why this source needs none; empty if it does
   */
  needs_no_calibration: string;
  /**
   * Why nothing is in micrometres; empty with a calibration
   */
  problem: string;
  profile: ProfileDocument;
  /**
   * As the operator last read it off the ring
   */
  stated_magnification: string | null;
}
/**
 * One calibration.
 */
export interface CalibrationDocument {
  calibration_id: string;
  changed_at_utc: string;
  changed_by: string;
  device_id: string;
  device_name: string;
  evidence: EvidenceDocument[];
  height_px: number;
  made_at_utc: string;
  magnification: string;
  note: string;
  /**
   * The account
   */
  operator: string;
  /**
   * Its full name
   */
  operator_name: string;
  /**
   * ACTIVE: applies to its setup, one a setup. SUPERSEDED: a newer one took its place. RETIRED: withdrawn.
   */
  state: "active" | "superseded" | "retired";
  target: string;
  target_tolerance_percent: number | null;
  um_per_px: number;
  um_per_px_x: number | null;
  um_per_px_y: number | null;
  /**
   * Half the width of the 95 % interval
   */
  uncertainty_um_per_px: number | null;
  width_px: number;
}
/**
 * The picture behind one axis; its PNG is at .../evidence/{axis}.
 */
export interface EvidenceDocument {
  /**
   * Of the picture: x to the right, y down.
   */
  axis: "x" | "y";
  division_um: number;
  drawing: DrawingDocument;
  /**
   * How a distance was found in the picture.
   */
  method: "graduations" | "two_points";
  um_per_px: number;
  uncertainty_um_per_px: number;
}
/**
 * Where a picture was measured, in its pixels: graduations as lines, or two points.
 */
export interface DrawingDocument {
  lines: [[number, number], [number, number]][];
  points: [number, number][];
}
/**
 * A kind of capillaroscope.
 */
export interface ProfileDocument {
  key: string;
  magnifications: string[];
  name: string;
}
/**
 * Some of the patients that were found.
 */
export interface PatientsAnswer {
  /**
   * Why identities cannot be read; empty while all is well
   */
  identity_problem: string;
  patients: PatientEntryDocument[];
  total: number;
}
/**
 * A patient in a list.
 */
export interface PatientEntryDocument {
  created_at_utc: string;
  /**
   * Archived and discarded ones aside
   */
  exams: number;
  identity: IdentityDocument | null;
  /**
   * An identity is kept that this box cannot open
   */
  is_sealed: boolean;
  last_exam_at_utc: string | null;
  patient_id: string;
  pseudonym: string;
}
/**
 * Who the patient is; stays on the box.
 */
export interface IdentityDocument {
  birth_date: string | null;
  clinic_number: string;
  name: string;
  note: string;
  sex: ("female" | "male" | "other" | "unknown") | null;
}
/**
 * The board as the firmware said last; what was just asked for shows a moment later.
 */
export interface BoardAnswer {
  board: BoardDocument;
}
/**
 * Buttons, lamp, light, sensors and watchdog.
 */
export interface BoardDocument {
  /**
   * Those there are, of "capture", "freeze", "pedal" and "shutdown"
   */
  buttons: string[];
  /**
   * By the kernel's names
   */
  fans_rpm: {
    [k: string]: number;
  };
  /**
   * The firmware answers; the rest is as it said last
   */
  is_connected: boolean;
  /**
   * A board of software, whose buttons can be pressed here
   */
  is_simulated: boolean;
  /**
   * What the status LED shows; empty where there is none
   */
  lamp: string;
  /**
   * Brightness of the ring light, 0 to 1; null where there is none
   */
  light_level: number | null;
  model: string;
  name: string;
  /**
   * Those that are held down now
   */
  pressed: string[];
  /**
   * Why it does not, or what is missing; empty while all is well
   */
  reason: string;
  /**
   * By the kernel's names
   */
  temperatures_c: {
    [k: string]: number;
  };
  /**
   * Device of the hardware watchdog; empty where none is used
   */
  watchdog: string;
  /**
   * Why it is not fed, or not used; empty while it is fed
   */
  watchdog_reason: string;
}
/**
 * What came of the box's own buttons.
 */
export interface ButtonsDocument {
  /**
   * Number of the picture that a button froze; null while live
   */
  frozen_seq: number | null;
  /**
   * How many were acted on or refused; a higher number means a new one
   */
  presses: number;
  /**
   * Why the last press did nothing; empty after a success
   */
  problem: string;
}
/**
 * Your own jobs, newest first.
 */
export interface JobsAnswer {
  jobs: JobDocument[];
}
/**
 * A file that is being made, or was.
 */
export interface JobDocument {
  asked_at_utc: string;
  done: number;
  /**
   * What to save it as; null before it is made
   */
  file_name: string | null;
  job_id: string;
  /**
   * report, or the format of an export
   */
  kind: string;
  /**
   * Why it failed, or what is not in the file; empty while all is well
   */
  message: string;
  remedy: string;
  /**
   * Bytes
   */
  size: number;
  /**
   * Of a job: it goes from the first to one of the last three.
   */
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  subject: string;
  /**
   * 0 while it is not known
   */
  total: number;
}
/**
 * Who may be meant by a pseudonym that a person typed.
 */
export interface LookAlikesAnswer {
  /**
   * Who has this very pseudonym, however it was typed
   */
  known: PatientEntryDocument | null;
  /**
   * Without one, those whose pseudonym looks like it
   */
  patients: PatientEntryDocument[];
}
