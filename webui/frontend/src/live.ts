// The live page: joins the station's stream, the picture, the figures, the exam and the keys.

import { ALL_LAYERS, type Layers } from "./common/overlay";
import { need, setAttribute, setText } from "./common/dom";
import { t } from "./common/i18n";
import type { PictureSettings } from "./common/picture_levels";
import { type Handlers, listenToKeys } from "./keyboard/layer";
import { showKeys } from "./keyboard/sheet";
import { StationClock } from "./live/clock";
import { ExamPanel } from "./live/exam_panel";
import { GuidedPanel } from "./live/guided";
import { EarlierPicture } from "./live/earlier";
import { HintBadge } from "./live/hints";
import { NowStrip } from "./live/now_strip";
import { LoopCard, loopAt, placeOf } from "./live/loop_card";
import { BoxButtons } from "./live/box_buttons";
import { PaintLog } from "./live/metrics";
import type { Placement, Status } from "./live/protocol";
import { Readings } from "./live/readings";
import { LiveConnection } from "./live/socket";
import { Stage } from "./live/stage";
import { StatusBar } from "./live/status_bar";

// Figures that change faster than this cannot be read, and each change costs layout beside the engine on the same cores.
const REFRESH_MS = 200;
const FLASH_MS = 220;
const ZOOM_STEP = 1.4;
const WHEEL_STEP = 1.0015;

const page = need("#live");
const stageElement = need("#stage");
const canvas = need<HTMLCanvasElement>("#canvas");
const clock = new StationClock();
const paints = new PaintLog();
const limits = {
  overlayStaleMs: Number(page.dataset["overlayStaleMs"]),
  pictureStaleMs: Number(page.dataset["pictureStaleMs"]),
};
const stage = new Stage(canvas, stageElement, clock, paints, limits, { ...ALL_LAYERS });
const readings = new Readings();
const statusBar = new StatusBar();
const loopCard = new LoopCard();
const guided = new GuidedPanel();
const hint = new HintBadge();
const now = new NowStrip();
const earlier = new EarlierPicture();
const exam = new ExamPanel(flash, (shown) => {
  now.show(shown);
  earlier.show(shown);
});
const boxButtons = new BoxButtons(stage, showFrozen);
const pedal = { capture: JSON.parse(page.dataset["captureKeys"]!) as string[], undo: JSON.parse(page.dataset["undoKeys"]!) as string[] };
let refreshedAtMs = 0;
let status: Status | null = null;
let isConnected = false;
let pointer: { x: number; y: number } | null = null;

const connection = new LiveConnection(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/ws`, {
  onFrame: (message, receivedAtMs) => stage.offer(message, receivedAtMs),
  onPong: (pong, receivedAtMs) => clock.answered(pong.sent_ms, receivedAtMs, pong.station_monotonic_s * 1000),
  onStatus: (received) => {
    const isNewPhase = status?.camera.phase !== received.camera.phase;
    status = received;
    stage.cameraIs(received.camera.phase === "live");
    if (isNewPhase) refresh();
    statusBar.show(received);
    exam.show(received.exam);
    guided.show(received.guided, received.exam.selected);
    boxButtons.follow(received.buttons);
  },
  onConnection: (connected) => {
    isConnected = connected;
    if (connected) clock.reset();
    else statusBar.forget();
  },
  onRefused: () => window.location.assign(`/login?next=${encodeURIComponent(location.pathname)}`),
});

/** Everything in words and figures, at most five times a second. */
function refresh(): void {
  refreshedAtMs = performance.now();
  const { isPictureLive, showOverlay } = stage.freshness();
  // A picture that grows old draws nothing new by itself: its boxes must still go.
  if (showOverlay !== stage.isOverlayShown) stage.schedule();
  setAttribute(stageElement, "data-picture", stage.image === null ? "none" : isPictureLive ? "live" : "old");
  setText(need("#no-live [data-reason]"), reasonForNoPicture());
  readings.show(showOverlay ? stage.header : null);
  hint.show(showOverlay ? stage.image : null);
  showAge(showOverlay);
  const image = stage.image;
  const at = pointer && stage.pointAt(pointer.x, pointer.y);
  const loop = at && image && showOverlay ? loopAt(image, at[0], at[1]) : null;
  stage.pointedAt = loop && image ? placeOf(image, loop) : null;
  loopCard.show(loop, image?.um_per_px ?? null);
}

function reasonForNoPicture(): string {
  if (!isConnected) return t(status ? "live.disconnected" : "live.connecting");
  if (status?.camera.reason && status.camera.phase !== "live") return status.camera.reason;
  if (status?.engine.problem) return status.engine.problem;
  if (stage.image === null) return t("live.waiting");
  return t("live.picture_too_old", { seconds: limits.pictureStaleMs / 1000 });
}

function showAge(isOverlayShown: boolean): void {
  const ageMs = stage.ageMs();
  const badge = need("#age");
  const value = ageMs === null ? "–" : ageMs < 10_000 ? `${Math.round(ageMs)} ms` : `${Math.round(ageMs / 1000)} s`;
  setText(need("[data-value]", badge), `${t("live.age")} ${value}   ${paints.fps(performance.now()).toFixed(0)} /s`);
  setAttribute(badge, "data-state", isOverlayShown ? "good" : "bad");
}

function flash(): void {
  stageElement.toggleAttribute("data-flash", true);
  window.setTimeout(() => stageElement.toggleAttribute("data-flash", false), FLASH_MS);
}

function toggleLayer(layer: keyof Layers | "all"): void {
  const { layers } = stage;
  const areAllOn = Object.values(layers).every(Boolean);
  const next = layer === "all" ? mapLayers(() => !areAllOn) : { ...layers, [layer]: !layers[layer] };
  stage.setLayers(next);
  showLayers();
}

function mapLayers(value: () => boolean): Layers {
  return { boxes: value(), widths: value(), labels: value(), haemorrhages: value() };
}

function showLayers(): void {
  for (const button of page.querySelectorAll<HTMLElement>("[data-layer]")) {
    setAttribute(button, "aria-pressed", String(stage.layers[button.dataset["layer"] as keyof Layers]));
  }
  setAttribute(need('[data-command="overlay"]', page), "aria-pressed", String(Object.values(stage.layers).every(Boolean)));
}

function toggleFreeze(): void {
  const seq = stage.seq;
  if (seq === null) return;
  showFrozen(!stage.isFrozen);
  // The station keeps the very picture, so that it can be captured however long it stays on screen.
  if (!stage.isFrozen) void exam.tell("exam/let-go", { seq });
  else void exam.tell("exam/hold", { seq }).then((isHeld) => !isHeld && showFrozen(false));
}

function showFrozen(isFrozen: boolean): void {
  if (isFrozen !== stage.isFrozen) stage.freeze(isFrozen);
  need("#frozen").hidden = !stage.isFrozen;
  const button = need('[data-command="freeze"]');
  setAttribute(button, "aria-pressed", String(stage.isFrozen));
  setText(need("[data-label]", button), t(stage.isFrozen ? "live.unfreeze" : "live.freeze"));
}

function toggleFullscreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen();
}

async function capture(replaces = false): Promise<void> {
  const seq = stage.isFrozen ? stage.seq : null;
  const isKept = await exam.capture({ ...(seq === null ? {} : { seq }), ...(replaces ? { replaces } : {}) });
  if (isKept && stage.isFrozen && stage.seq === seq) toggleFreeze();
}

function panorama(): void {
  if (guided.isSweeping) void exam.tell("exam/sweep/end");
  else if (exam.isOpen && guided.state?.sweep.phase === "idle") void exam.tell("exam/sweep/begin");
}

function toggleHelp(isShown = need("#help").hidden): void {
  need("#help").hidden = !isShown;
}

const commands: Handlers & Record<string, (choice: string) => void> = {
  capture: () => void capture(),
  retake: () => void capture(true),
  not_evaluable: () => exam.toggleSkip(),
  auto: () => void exam.tell("exam/auto", { is_on: !guided.isAuto }),
  clip: () => void exam.tell("exam/clip"),
  panorama,
  cancel_sweep: () => void exam.tell("exam/sweep/cancel"),
  undo: () => void exam.undo(),
  redo: () => void exam.redo(),
  finish: () => void exam.finish(),
  discard: () => exam.discard(),
  freeze: toggleFreeze,
  fullscreen: toggleFullscreen,
  overlay: () => toggleLayer("all"),
  layer: (layer) => toggleLayer(layer as keyof Layers),
  sector: (sector) => exam.selectSector(sector as Placement["sector"]),
  green: () => showLook({ ...stage.settings, isGreen: !stage.settings.isGreen }),
  zoom: zoomBy,
  earlier: () => earlier.toggle(exam.document),
  neighbour: (step) => exam.step(Number(step) as -1 | 1),
  place: (step) => exam.stepPlace(Number(step) as -1 | 1),
  help: () => toggleHelp(),
  escape: () => {
    (document.activeElement as HTMLElement | null)?.blur();
    if (guided.isSweeping) void exam.tell("exam/sweep/cancel");
    toggleHelp(false);
  },
};

function showLook(settings: PictureSettings): void {
  stage.look(settings);
  need<HTMLInputElement>("#live-contrast").value = String(settings.contrast);
  setAttribute(need('[data-command="green"]', page), "aria-pressed", String(settings.isGreen));
}

function zoomBy(way: string): void {
  if (way === "fit") stage.wholePicture();
  else stage.zoom(way === "in" ? ZOOM_STEP : 1 / ZOOM_STEP);
  showZoom();
}

function showZoom(): void {
  setAttribute(stageElement, "data-zoomed", String(stage.window.zoom > 1));
}

function listenToButtons(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-command]");
    if (button) commands[button.dataset["command"]!]?.(button.dataset["choice"] ?? "");
  });
}

/** After a click or tap no button keeps the focus, so that Space captures; with Tab it stays. */
function releaseFocusAfterPointer(): void {
  document.addEventListener("click", (event) => {
    if (event.detail > 0) (event.target as Element).closest("button")?.blur();
  });
}

function listenToPointer(): void {
  const point = (event: PointerEvent) => {
    const at = canvas.getBoundingClientRect();
    const before = pointer;
    pointer = { x: (event.clientX - at.left) / at.width, y: (event.clientY - at.top) / at.height };
    const image = stage.image;
    if (!image || !before || !(event.buttons & 1)) return;
    const { zoom } = stage.window;
    stage.move(((before.x - pointer.x) * image.width) / zoom, ((before.y - pointer.y) * image.height) / zoom);
  };
  stageElement.addEventListener("pointermove", point);
  stageElement.addEventListener("pointerdown", point);
  stageElement.addEventListener("pointerleave", () => (pointer = null));
  stageElement.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.deltaY) return;
      event.preventDefault();
      stage.zoom(WHEEL_STEP ** -event.deltaY, pointer && stage.pointAt(pointer.x, pointer.y));
      showZoom();
    },
    { passive: false },
  );
}

declare global {
  interface Window {
    /** For the benchmark and the browser tests. */
    __nailfold: {
      frames(): ReturnType<PaintLog["frames"]>;
      painted(): number;
      clock(): { isKnown: boolean; roundTripMs: number | null };
      screen(): { seq: number | null; isOverlayShown: boolean; labelsPlaced: number; layers: Layers; isFrozen: boolean };
    };
  }
}

window.__nailfold = {
  frames: () => paints.frames(),
  painted: () => paints.painted,
  clock: () => ({ isKnown: clock.isKnown, roundTripMs: clock.roundTripMs }),
  screen: () => ({
    seq: stage.seq,
    isOverlayShown: stage.isOverlayShown,
    labelsPlaced: stage.labelsPlaced,
    layers: stage.layers,
    isFrozen: stage.isFrozen,
  }),
};

showKeys("live");
listenToKeys("live", commands, pedal);
listenToButtons();
releaseFocusAfterPointer();
listenToPointer();
need("#live-contrast").addEventListener("input", (event) => {
  showLook({ ...stage.settings, contrast: Number((event.target as HTMLInputElement).value) });
});
showLayers();
// Together with a picture, so that figures and boxes belong to the same one; by the clock when none comes.
stage.onPainted = () => {
  if (performance.now() - refreshedAtMs >= REFRESH_MS) refresh();
};
connection.open();
window.setInterval(() => {
  if (performance.now() - refreshedAtMs >= REFRESH_MS) refresh();
}, REFRESH_MS);
