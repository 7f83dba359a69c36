import { describe, expect, it } from "vitest";
import type { Capillary } from "../src/common/analysis";
import { figure, t, tWord } from "../src/common/i18n";
import { scaleWords } from "../src/calibration/words";
import { labelText, priorityOf } from "../src/common/overlay";
import { loopAt, widthLine } from "../src/live/loop_card";
import type { Status } from "../src/live/protocol";
import { bandOf, bandsWithin } from "../src/live/readings";
import { chipsOf } from "../src/live/status_bar";
import type { Point, Series } from "../src/trends/protocol";
import { changeWords, signed } from "../src/trends/words";

function capillary(changes: Partial<Capillary> = {}): Capillary {
  return {
    bbox_px: [10, 20, 30, 90],
    score: 0.9,
    track_id: 17,
    row: "distal",
    morphology: "normal",
    size: "enlarged",
    size_basis: "measured",
    size_is_near_cut: false,
    apex_px: [25, 20],
    segments_px: { apical: null, arterial: null, venous: null },
    widths_px: { apical: 15.9, arterial: 11, venous: null },
    widths_um: { apical: 22.4, arterial: 15.5, venous: null },
    ...changes,
  };
}

const NO_WIDTHS = { apical: null, arterial: null, venous: null };

describe("a change", () => {
  it("has no sign where it rounds to nothing", () => {
    expect([signed(-0.04, 1), signed(0.04, 1), signed(-0.06, 1), signed(2, 0)]).toEqual(["0.0", "0.0", "\u22120.1", "+2"]);
  });

  it("by another rule says that instead of a number", () => {
    const series = { key: "density_per_mm", unit: "/mm", decimals: 1, is_per_image: false, cuts: [], points: [] } as unknown as Series;
    const point: Point = { exam_id: "b", value: 7, uncertainty: null, decimals: 1, because: null, change: null, is_by_another_rule: true };
    expect(changeWords([], series, point)).toBe(t("trends.other_rule"));
    expect(t("trends.other_rule")).toBe("counted by another rule");
    expect(changeWords([], series, { ...point, is_by_another_rule: false })).toBe("");
  });
});

describe("labels", () => {
  it("name the unit where there is room and drop it in a crowd", () => {
    expect(labelText(capillary(), { widths: true, labels: false }, false, 1.4)).toBe("▲22 µm");
    expect(labelText(capillary(), { widths: true, labels: false }, true, 1.4)).toBe("▲22");
  });

  it("join number and width, or say nothing", () => {
    expect(labelText(capillary({ size: "normal" }), { widths: true, labels: true }, true, 1.4)).toBe("#17 22");
    expect(labelText(capillary(), { widths: false, labels: true }, true, 1.4)).toBe("#17");
    expect(labelText(capillary({ track_id: null }), { widths: false, labels: true }, true, 1.4)).toBe("");
  });

  it("put the mark beside the width that decided, also where that is a limb's", () => {
    const wideLimb = capillary({ widths_um: { apical: 14.9, arterial: 21.3, venous: 12 } });
    expect(labelText(wideLimb, { widths: true, labels: false }, false, 1.4)).toBe("15 ▲21 µm");
    expect(labelText({ ...wideLimb, size: "normal" }, { widths: true, labels: false }, true, 1.4)).toBe("15");
  });

  it("never show micrometres without a scale", () => {
    expect(labelText(capillary({ widths_um: NO_WIDTHS, size: "normal" }), { widths: true, labels: false }, true, 1.4)).toBe("16 px");
  });

  it("mark a size judged by appearance as such", () => {
    const unmeasured = capillary({ widths_um: NO_WIDTHS, widths_px: NO_WIDTHS, size: "giant", size_basis: "appearance" });
    expect(labelText(unmeasured, { widths: true, labels: false }, true, 1.4)).toBe("▲▲~");
  });

  it("place giants first, then the distal row", () => {
    const giant = capillary({ size: "giant", row: "other", score: 0.4 });
    const distal = capillary({ size: "normal" });
    const other = capillary({ size: "normal", row: "other" });
    expect(priorityOf(giant)).toBeGreaterThan(priorityOf(distal));
    expect(priorityOf(distal)).toBeGreaterThan(priorityOf(other));
  });
});

describe("one loop under the pointer", () => {
  const inner = capillary({ bbox_px: [20, 30, 10, 10], track_id: 2 });
  const image = { capillaries: [capillary(), inner] } as Parameters<typeof loopAt>[0];

  it("is the smallest box there", () => {
    expect(loopAt(image, 25, 35)?.track_id).toBe(2);
    expect(loopAt(image, 12, 100)?.track_id).toBe(17);
    expect(loopAt(image, 500, 35)).toBeNull();
  });

  it("gives its widths in micrometres, or in pixels without a scale", () => {
    expect(widthLine(capillary(), 1.4)).toBe("Apex 22   Arterial 16   Venous –   µm");
    expect(widthLine(capillary({ widths_um: NO_WIDTHS }), null)).toBe("Apex 16   Arterial 11   Venous –   px");
  });
});

describe("bands", () => {
  it.each([
    [7, "normal"],
    [6.99, "lowered"],
    [3.01, "lowered"],
    [3, "extremely_lowered"],
    [0, "extremely_lowered"],
  ])("%s per mm is %s", (density, band) => {
    expect(bandOf(density, 7, 3)).toBe(band);
  });

  it("are one word only where the whole interval lies in one of them", () => {
    expect(bandsWithin(5, 1.9, 7, 3)).toEqual(["lowered", "lowered"]);
    expect(bandsWithin(5.1, 1.9, 7, 3)).toEqual(["lowered", "normal"]);
    expect(bandsWithin(5, 2, 7, 3)).toEqual(["extremely_lowered", "normal"]);
    expect(bandsWithin(9.1, 2, 7, 3)).toEqual(["normal", "normal"]);
  });
});

describe("status", () => {
  const status: Status = {
    type: "status",
    camera: { phase: "live", reason: "", name: "Dino-Lite", capture_fps: 30, frames_captured: 900, frames_dropped: 4 },
    engine: { fps: 24.4, runtime: "onnxruntime-cpu", software_version: "0.1.0", engines: {}, problem: "" },
    calibration: null,
    calibration_problem: "",
    outbox: { pending: 0, sent: 0, acknowledged: 3, dead: 0, last_error: "", expects_receipts: false },
    broker: { is_enabled: true, is_connected: true, reason: "" },
    live: { listeners: 1, frames_encoded: 10 },
    guided: { auto: { phase: "off", progress: 0, problem: "" }, clip: { phase: "idle", progress: 0, problem: "" }, sweep: { phase: "idle", seconds: 0, travelled_px: 0, travelled_mm: null, is_lost: false, problem: "" } },
    exam: { boot_id: "b", revision: 0, exam_id: null, patient_pseudonym: null, selected: { hand: "left", finger: "index", sector: "A" }, protocol: "free", placements: [], skipped: [], hand_map: null, images: [], can_undo: false, can_redo: false, can_finish: false },
    buttons: { frozen_seq: null, presses: 0, problem: "" },
  };

  it("counts what waits for the fleet's receipt where receipts are expected, and nowhere else", () => {
    expect(chipsOf(status)["outbox"]).toMatchObject({ state: "good", value: "all sent" });
    const waiting = chipsOf({ ...status, outbox: { ...status.outbox, expects_receipts: true } })["outbox"];
    expect(waiting).toMatchObject({ state: "warn", value: "3 without receipt" });
  });

  it("warns of another device under the same name while connected", () => {
    const broker = { ...status.broker, reason: "another device runs under the name a/b" };
    expect(chipsOf({ ...status, broker })["broker"]).toMatchObject({ state: "warn", detail: broker.reason });
  });

  it("warns of a missing scale and tells skipped pictures", () => {
    const chips = chipsOf(status);
    expect(chips["calibration"]).toMatchObject({ state: "warn", value: "No scale" });
    expect(chips["engine"]!.detail).toContain("4 of 900 pictures skipped");
  });

  it("says why there is no scale and why the analysis fails", () => {
    const chips = chipsOf({ ...status, calibration_problem: "This frame size was never calibrated", engine: { ...status.engine, problem: "GPU lost" } });
    expect(chips["calibration"]!.detail).toBe("This frame size was never calibrated");
    expect(chips["engine"]).toMatchObject({ state: "bad" });
    expect(chips["engine"]!.detail).toContain("GPU lost");
  });

  it("calls a lost camera and a refused result bad", () => {
    const chips = chipsOf({
      ...status,
      camera: { ...status.camera, phase: "lost", reason: "unplugged" },
      outbox: { ...status.outbox, pending: 2, dead: 1, last_error: "too large" },
    });
    expect(chips["camera"]).toEqual({ state: "bad", value: "lost", detail: "Dino-Lite: unplugged" });
    expect(chips["outbox"]).toEqual({ state: "bad", value: "1 refused", detail: "too large" });
  });

  it("tells a network that is off from one that is broken", () => {
    expect(chipsOf({ ...status, broker: { is_enabled: false, is_connected: false, reason: "" } })["broker"]!.state).toBe("unknown");
    expect(chipsOf({ ...status, broker: { is_enabled: true, is_connected: false, reason: "refused" } })["broker"]).toEqual({ state: "warn", value: "not connected", detail: "refused" });
  });
});

describe("words", () => {
  it("fills in values and shows what could not be measured as a dash", () => {
    expect(t("exam.images", { count: 3 })).toBe("3 captured");
    expect(figure(null, 1)).toBe("–");
    expect(figure(0, 1)).toBe("0.0");
    expect(tWord("quality", "out_of_focus")).toMatch(/focus/);
    expect(tWord("quality", "never_heard_of")).toBe("never_heard_of");
  });
});

describe("a scale", () => {
  it("stands with the digits of its uncertainty, and alone where nobody measured that", () => {
    expect(scaleWords(1.4142, 0.0123)).toEqual(["1.414", "0.012"]);
    expect(scaleWords(1.4142, null)).toEqual(["1.414"]);
  });
});

describe("words of the tables", () => {
  it("are there for every figure and reason, in the language of the page", () => {
    expect(t("metrics.density_per_mm.unit")).toBe("per mm");
    expect(t("metrics.density_per_mm.source")).toContain("doi");
    expect(tWord("quality", "glare")).toBe("Reflections: add oil or tilt the scope");
    expect(tWord("quality", "good")).toBe("Good picture");
  });
});
