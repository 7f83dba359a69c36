// The calibration wizard: live picture, freeze, graduations, second axis, keep.

import { Board } from "./calibration/board";
import { CalibrationList } from "./calibration/list";
import { type Calibrations, type Combined, type FrozenPicture, type Measurement, NOTHING_DRAWN } from "./calibration/protocol";
import { axesWords, hintWords, measurementWords, scaleWords } from "./calibration/words";
import { ApiFault, get, post } from "./common/api";
import { need, setAttribute, setText } from "./common/dom";
import { figure, t, tWord } from "./common/i18n";
import { toast, toastFault } from "./common/toast";
import { isBehindDialog, isTakenByFocus } from "./keyboard/owner";
import type { FrameMessage, Status } from "./live/protocol";
import { LiveConnection } from "./live/socket";

type Step = "picture" | "first" | "second" | "keep";

const page = need("#calibration");
const mayCalibrate = page.dataset["mayCalibrate"] === "true";
const board = new Board(need<HTMLCanvasElement>("#board"), need("#stage"), need<HTMLCanvasElement>("#loupe"));
const list = new CalibrationList(mayCalibrate, () => void reload());
const ring = need<HTMLInputElement>("#ring");
let frozen: FrozenPicture | null = null;
let measured: Measurement[] = [];
let isDecoding = false;
let status: Status | null = null;
let known: Calibrations | null = null;

async function onFrame(message: FrameMessage): Promise<void> {
  if (frozen || isDecoding || document.hidden) return;
  isDecoding = true;
  const picture = await createImageBitmap(message.jpeg);
  if (!frozen) board.show(picture);
  need("#empty").hidden = true;
  picture.close();
  isDecoding = false;
}

async function reload(): Promise<void> {
  try {
    known = await get<Calibrations>("calibrations");
    list.show(known.calibrations, known.in_force);
    if (!ring.value && known.stated_magnification) ring.value = known.stated_magnification;
    showNow();
  } catch (fault) {
    toastFault(fault);
  }
}

function showNow(): void {
  const scale = status?.calibration ?? null;
  const now = need("#now");
  const kept = known?.calibrations.find((one) => one.calibration_id === scale?.calibration_id);
  setAttribute(now, "data-state", scale ? (scale.is_due ? "due" : "good") : "none");
  const words = scale
    ? kept
      ? t("calibration.in_force", { scale: scaleWords(kept.um_per_px, kept.uncertainty_um_per_px).join(" ± "), magnification: kept.magnification, size: `${kept.width_px} × ${kept.height_px}` })
      : t("calibration.in_force_given", { scale: scaleWords(scale.um_per_px, scale.uncertainty_um_per_px).join(" ± "), origin: tWord("origin", scale.origin) })
    : `${t("calibration.none")} ${status?.calibration_problem ?? ""}`;
  setText(now, scale?.is_due ? `${words}. ${t("calibration.due")}` : words);
}

/** Where the wizard stands, as its data tell. */
function stepNow(): Step {
  if (measured.length === 2) return "keep";
  if (measured.length === 1) return "second";
  return frozen ? "first" : "picture";
}

function show(): void {
  if (!mayCalibrate) return;
  const step = stepNow();
  setAttribute(page, "data-step", step);
  const badge = need("#badge");
  setAttribute(badge, "data-state", frozen ? "frozen" : "live");
  setText(badge, t(frozen ? "calibration.frozen_badge" : "calibration.live_badge"));
  for (const item of need("#steps").children) {
    const isHere = (item as HTMLElement).dataset["step"] === step;
    if (isHere) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
  const areFree = board.points.length === 2 && measuredOf(frozen) === null;
  setText(need("#say"), areFree ? t("calibration.say_points") : step === "picture" ? t("calibration.say_picture") : step === "second" ? t("calibration.say_second") : step === "keep" ? t("calibration.say_keep") : "");
  need("#points").hidden = !areFree;
  shown("freeze", frozen === null || (measured.length === 1 && measuredOf(frozen) !== null));
  setText(need('[data-command="freeze"] [data-label]'), t(measured.length === 1 ? "calibration.freeze_second" : "calibration.freeze"));
  shown("live", frozen !== null);
  shown("points", frozen !== null && !areFree && measured.length < 2);
  shown("again", measured.length > 0);
  need("#keep").hidden = measured.length === 0;
}

function shown(command: string, isShown: boolean): void {
  need(`[data-command="${command}"]`).hidden = !isShown;
}

function measuredOf(picture: FrozenPicture | null): Measurement | null {
  return measured.find((one) => one.picture_id === picture?.picture_id) ?? null;
}

function divisionUm(): number {
  const chosen = need<HTMLInputElement>('input[name="division"]:checked').value;
  return Number(chosen === "other" ? need<HTMLInputElement>("#other-um").value : chosen);
}

function problem(fault: unknown): void {
  const place = need("#problem");
  if (!(fault instanceof ApiFault) || fault.status === 401) return toastFault(fault);
  place.replaceChildren(
    Object.assign(document.createElement("strong"), { textContent: fault.message }),
    Object.assign(document.createElement("span"), { textContent: fault.remedy }),
  );
  place.hidden = false;
}

async function freeze(): Promise<void> {
  need("#problem").hidden = true;
  try {
    frozen = await post<FrozenPicture>("calibration/freeze");
    const picture = await fetch(`/api/v1/calibration/pictures/${frozen.picture_id}`);
    board.show(await createImageBitmap(await picture.blob()));
    board.draw(NOTHING_DRAWN);
    show();
    await find();
  } catch (fault) {
    problem(fault);
  }
  show();
}

async function find(): Promise<void> {
  if (!frozen) return;
  need("#problem").hidden = true;
  setText(need("#say"), t("calibration.say_finding"));
  try {
    const axis = measured.length === 1 && !measuredOf(frozen) ? other(measured[0]!.axis) : null;
    take(await post<Measurement>("calibration/find", { picture_id: frozen.picture_id, division_um: divisionUm(), axis }));
  } catch (fault) {
    problem(fault);
  }
  show();
}

function other(axis: "x" | "y"): "x" | "y" {
  return axis === "x" ? "y" : "x";
}

async function measurePoints(): Promise<void> {
  if (!frozen || board.points.length !== 2) return;
  need("#problem").hidden = true;
  const [start_px, end_px] = board.points;
  const distance_um = Number(need<HTMLInputElement>("#distance").value);
  try {
    take(await post<Measurement>("calibration/points", { picture_id: frozen.picture_id, start_px, end_px, distance_um }));
  } catch (fault) {
    problem(fault);
  }
  show();
}

/** A second measurement of the same picture or axis takes the place of the first. */
function take(one: Measurement): void {
  measured = [...measured.filter((kept) => kept.picture_id !== one.picture_id && kept.axis !== one.axis), one];
  board.draw(one.drawing);
  const found = need("#found");
  found.replaceChildren(...measurementWords(one).flatMap(([name, value]) => [
    Object.assign(document.createElement("dt"), { textContent: name }),
    Object.assign(document.createElement("dd"), { textContent: value }),
  ]));
  found.hidden = false;
  void combine();
}

/** Of the micrometer's certificate; null where nothing was written. */
function tolerance(): number | null {
  const written = need<HTMLInputElement>("#tolerance").value;
  return written === "" ? null : Number(written);
}

async function combine(): Promise<void> {
  const ids = measured.map((one) => one.measurement_id);
  if (!ids.length) return;
  try {
    const scale = await post<Combined>("calibration/combine", {
      measurement_ids: ids,
      magnification: ring.value,
      target_tolerance_percent: tolerance(),
    });
    const [value, uncertainty] = scaleWords(scale.um_per_px, scale.uncertainty_um_per_px);
    setText(need("#scale"), value);
    setText(need("#uncertainty"), `± ${uncertainty}`);
    setText(need("#axes"), `${axesWords(scale)} ${t(tolerance() === null ? "calibration.without_tolerance" : "calibration.with_tolerance")}`);
    const hint = need("#hint");
    setAttribute(hint, "data-plausibility", scale.hint.plausibility);
    setText(hint, hintWords(scale));
  } catch (fault) {
    problem(fault);
    setText(need("#scale"), "–");
  }
  const size = frozen ? `${frozen.width_px} × ${frozen.height_px}` : "";
  setText(need("#keep-for"), ring.value ? t("calibration.keep_for", { device: frozen?.device_name ?? "", magnification: ring.value, size }) : t("calibration.keep_needs_ring"));
}

async function keep(): Promise<void> {
  if (!ring.value.trim()) {
    toast(t("calibration.keep_needs_ring"), "problem");
    return ring.focus();
  }
  const body = {
    measurement_ids: measured.map((one) => one.measurement_id),
    magnification: ring.value,
    target: need<HTMLInputElement>("#target").value,
    target_tolerance_percent: tolerance(),
    note: need<HTMLInputElement>("#note").value,
  };
  try {
    await post("calibration/keep", body);
    toast(t("calibration.kept_done"));
    startAgain();
    await reload();
  } catch (fault) {
    problem(fault);
  }
}

function backToLive(): void {
  frozen = null;
  board.draw(NOTHING_DRAWN);
  need("#problem").hidden = true;
  need("#found").hidden = true;
  show();
}

function startAgain(): void {
  measured = [];
  backToLive();
}

async function setRing(): Promise<void> {
  try {
    const answer = await post<{ magnification: string; previous: string | null }>("calibration/magnification", { magnification: ring.value });
    ring.value = answer.magnification;
    const { previous } = answer;
    const undo = previous && previous !== answer.magnification ? { label: t("exam.undo"), run: () => { ring.value = previous; void setRing(); } } : undefined;
    toast(t("calibration.set_done", { magnification: answer.magnification }), "done", undo);
    await reload();
    await combine();
  } catch (fault) {
    toastFault(fault);
  }
}

const commands: Record<string, () => void> = {
  freeze: () => void freeze(),
  live: backToLive,
  points: () => {
    measured = measured.filter((one) => one.picture_id !== frozen?.picture_id);
    need("#problem").hidden = true;
    need("#found").hidden = true;
    board.askForPoints();
    show();
  },
  measure_points: () => void measurePoints(),
  again: startAgain,
  zoom_in: () => board.zoomBy(1),
  zoom_out: () => board.zoomBy(-1),
  fit: () => board.fit(),
};

function listen(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-command], [data-point], [data-ring]");
    if (!button) return;
    const { command, point, ring: suggested } = button.dataset;
    if (command) commands[command]?.();
    if (point) choose(Number(point));
    if (suggested) {
      ring.value = suggested;
      void setRing();
    }
  });
  document.addEventListener("keydown", onKey);
  need("#ring-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void setRing();
  });
  if (!mayCalibrate) return;
  need("#keep").addEventListener("submit", (event) => {
    event.preventDefault();
    void keep();
  });
  for (const input of document.querySelectorAll("input[name=division], #other-um")) {
    input.addEventListener("change", () => {
      need("#other-row").hidden = need<HTMLInputElement>('input[name="division"]:checked').value !== "other";
      if (frozen && measuredOf(frozen)?.method === "graduations") void find();
    });
  }
  need("#tolerance").addEventListener("change", () => void combine());
  board.onPoints = (points) =>
    points.forEach(([x, y], at) => setText(need(`[data-point="${at}"] .number`), `${figure(x, 2)}, ${figure(y, 2)}`));
}

function choose(point: number): void {
  board.choose(point);
  for (const button of document.querySelectorAll<HTMLElement>("[data-point]")) {
    setAttribute(button, "aria-pressed", String(Number(button.dataset["point"]) === point));
  }
}

const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onKey(event: KeyboardEvent): void {
  if (isBehindDialog() || isTakenByFocus(event, document.activeElement)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  if (arrow && board.points.length && !need("#points").hidden) board.nudge(arrow[0], arrow[1], event.shiftKey);
  else if (event.key === "+") board.zoomBy(1);
  else if (event.key === "-") board.zoomBy(-1);
  else if (event.key === "0") board.fit();
  else if (event.key === "f" && mayCalibrate && !need('[data-command="freeze"]').hidden) void freeze();
  else if ((event.key === "1" || event.key === "2") && board.points.length) choose(Number(event.key) - 1);
  else return;
  event.preventDefault();
}

const connection = new LiveConnection(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live/ws`, {
  onFrame: (message) => void onFrame(message),
  onStatus: (received) => {
    const isOther = received.calibration?.calibration_id !== status?.calibration?.calibration_id || received.camera.name !== status?.camera.name;
    status = received;
    if (isOther) void reload();
    else showNow();
  },
  onPong: () => {},
  onConnection: () => {},
  onRefused: () => window.location.assign(`/login?next=${encodeURIComponent(location.pathname)}`),
});

listen();
show();
void reload();
connection.open();
