// Camera, analysis, scale, network and waiting results: always visible, always honest.

import { need, setAttribute, setText } from "../common/dom";
import { scaleWords } from "../calibration/words";
import { type TextKey, figure, t, tWord } from "../common/i18n";
import type { Status } from "./protocol";

type State = "good" | "warn" | "bad" | "unknown";

interface Chip {
  state: State;
  value: string;
  detail: string;
}

/** What each chip says, from the station's state. */
export function chipsOf(status: Status): Record<string, Chip> {
  const { camera, engine, calibration, broker, outbox } = status;
  const isLive = camera.phase === "live";
  return {
    camera: {
      state: isLive ? "good" : camera.phase === "lost" ? "bad" : "warn",
      value: isLive ? t("status.per_second", { fps: figure(camera.capture_fps, 0) }) : t(`status.camera_${camera.phase}`),
      detail: [camera.name, camera.reason].filter(Boolean).join(": "),
    },
    engine: {
      state: engine.problem ? "bad" : engine.fps > 0 ? "good" : isLive ? "bad" : "warn",
      value: t("status.per_second", { fps: figure(engine.fps, 0) }),
      detail: `${engine.problem ? `${engine.problem}. ` : ""}${engine.runtime}. ${t("status.dropped", { dropped: camera.frames_dropped, captured: camera.frames_captured })}`,
    },
    calibration: {
      state: calibration && !calibration.is_due ? "good" : "warn",
      value: calibration
        ? [`${scaleWords(calibration.um_per_px, calibration.uncertainty_um_per_px)[0]} µm/px`, calibration.magnification].filter(Boolean).join(", ")
        : t("status.uncalibrated"),
      detail: calibration
        ? [
            calibration.is_due ? t("calibration.due") : "",
            calibration.uncertainty_um_per_px === null ? "" : `± ${scaleWords(calibration.um_per_px, calibration.uncertainty_um_per_px)[1]} µm/px`,
            tWord("origin", calibration.origin),
            calibration.calibration_id,
          ].filter(Boolean).join(", ")
        : status.calibration_problem || t("live.uncalibrated"),
    },
    broker: {
      state: !broker.is_enabled ? "unknown" : broker.is_connected && !broker.reason ? "good" : "warn",
      value: t(!broker.is_enabled ? "status.off" : broker.is_connected ? "status.connected" : "status.disconnected"),
      detail: broker.reason,
    },
    outbox: outboxChip(outbox),
  };
}

function outboxChip(outbox: Status["outbox"]): Chip {
  const waiting = outbox.pending + outbox.sent;
  if (outbox.dead > 0) {
    return { state: "bad", value: t("status.dead", { count: outbox.dead }), detail: outbox.last_error };
  }
  if (waiting === 0 && outbox.expects_receipts && outbox.acknowledged > 0) {
    return { state: "warn", value: t("status.receipts", { count: outbox.acknowledged }), detail: "" };
  }
  return {
    state: waiting > 0 ? "warn" : "good",
    value: waiting > 0 ? t("status.waiting", { count: waiting }) : t("status.nothing_waiting"),
    detail: outbox.last_error,
  };
}

const WORST_FIRST: readonly State[] = ["bad", "warn"];

/** What the one dot says: that all is well, or the worst of the chips in its own words. */
export function overallOf(chips: Record<string, Chip>): { state: State; words: string } {
  for (const state of WORST_FIRST) {
    const found = Object.entries(chips).find(([, chip]) => chip.state === state);
    if (found) return { state, words: `${t(`status.${found[0]}` as TextKey)}: ${found[1].value}` };
  }
  return { state: "good", words: t("status.all_well") };
}

export class StatusBar {
  private readonly root = need("#status");
  private readonly dot = need("#status-dot");

  show(status: Status): void {
    const chips = chipsOf(status);
    const { state, words } = overallOf(chips);
    setAttribute(this.dot, "data-state", state);
    setText(need("[data-words]", this.dot), words);
    for (const [name, chip] of Object.entries(chips)) {
      const place = need(`[data-chip="${name}"]`, this.root);
      setAttribute(place, "data-state", chip.state);
      setAttribute(place, "data-detail", chip.detail);
      setText(need("[data-value]", place), chip.value);
    }
  }

  /** Without a connection nothing is known any more. */
  forget(): void {
    setAttribute(this.dot, "data-state", "unknown");
    setText(need("[data-words]", this.dot), t("status.disconnected"));
    for (const place of this.root.querySelectorAll("[data-chip]")) {
      setAttribute(place, "data-state", "unknown");
      setText(need("[data-value]", place), "–");
    }
  }
}
