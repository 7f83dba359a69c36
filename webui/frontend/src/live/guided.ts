// Automatic capture, clip and sweep, as the station says they are.

import { icon, need, setAttribute, setText } from "../common/dom";
import { figure, t, tWord } from "../common/i18n";
import { toast } from "../common/toast";
import type { GuidedDocument, Placement } from "./protocol";

const RING_LENGTH = 2 * Math.PI * 26;

export class GuidedPanel {
  private readonly auto = need("#auto");
  private readonly recording = need("#recording");
  private told = new Map<string, string>();
  private sweepAt: string | null = null;
  state: GuidedDocument | null = null;

  show(guided: GuidedDocument, selected: Placement): void {
    this.state = guided;
    this.showAuto(guided, selected);
    this.showRecording(guided);
    for (const part of ["auto", "clip", "sweep"] as const) this.tell(part, guided[part].problem);
  }

  get isAuto(): boolean {
    return this.state !== null && this.state.auto.phase !== "off";
  }

  get isSweeping(): boolean {
    return this.state?.sweep.phase === "sweeping";
  }

  private showAuto(guided: GuidedDocument, selected: Placement): void {
    const { phase, progress } = guided.auto;
    this.auto.hidden = phase === "off";
    setAttribute(this.auto, "data-phase", phase);
    need<SVGCircleElement>("[data-ring]", this.auto).style.strokeDashoffset = String(RING_LENGTH * (1 - progress));
    setText(need("[data-sector]", this.auto), selected.sector.length === 1 ? selected.sector : "·");
    setText(need("[data-words]", this.auto), phase === "off" ? "" : t(`auto.${phase}`));
    setAttribute(need('[data-command="auto"]'), "aria-pressed", String(phase !== "off"));
  }

  private showRecording(guided: GuidedDocument): void {
    const { clip, sweep } = guided;
    const isSweep = sweep.phase !== "idle";
    this.recording.hidden = !isSweep && clip.phase === "idle";
    setAttribute(this.recording, "data-phase", isSweep ? sweep.phase : clip.phase);
    setAttribute(this.recording, "data-lost", String(isSweep && sweep.is_lost));
    setText(need("[data-words]", this.recording), isSweep ? sweepWords(sweep) : t(`clip.${clip.phase === "saving" ? "saving" : "recording"}`));
    need<HTMLProgressElement>("progress", this.recording).hidden = isSweep;
    need<HTMLProgressElement>("progress", this.recording).value = clip.progress;
    need("[data-sweep-actions]", this.recording).hidden = sweep.phase !== "sweeping";
    setAttribute(need('[data-command="panorama"]'), "aria-pressed", String(isSweep));
    if (this.sweepAt === "stitching" && sweep.phase === "idle" && !sweep.problem) toast(t("sweep.kept"));
    this.sweepAt = sweep.phase;
  }

  /** A problem is shown once, not with every state. */
  private tell(part: string, problem: string): void {
    if (problem && this.told.get(part) !== problem) toast(problem, "problem");
    this.told.set(part, problem);
  }
}

function sweepWords(sweep: GuidedDocument["sweep"]): string {
  if (sweep.phase === "stitching") return t("sweep.stitching");
  if (sweep.is_lost) return t("sweep.lost");
  const way = sweep.travelled_mm === null ? `${sweep.travelled_px} px` : `${figure(sweep.travelled_mm, 1)} mm`;
  return t("sweep.going", { way, seconds: figure(sweep.seconds, 0) });
}

/** What a thumbnail says of a picture that is no plain still. */
export function kindTag(kind: string): HTMLElement | null {
  if (kind === "still") return null;
  const tag = Object.assign(document.createElement("span"), { className: "kind-tag" });
  tag.append(icon(kind), tWord("kind", kind));
  return tag;
}
