// One image under review: picture, findings, figures and log, kept in step with the station.

import type { Morphology } from "./common/analysis";
import { need, setAttribute, setText } from "./common/dom";
import { figure, t, tWord } from "./common/i18n";
import { toast, toastFault } from "./common/toast";
import { type Handlers, listenToKeys } from "./keyboard/layer";
import { showKeys } from "./keyboard/sheet";
import { AgainstDialog, contradictedBy } from "./review/against";
import { Board, type Mode } from "./review/board";
import { ReviewService } from "./review/review_service";
import { FindingPanel } from "./review/finding_panel";
import { FindingsTable } from "./review/findings_table";
import { boxOf, inReadingOrder, numbersOf } from "./review/geometry";
import { showChain, showHistory } from "./review/history";
import { Loupe } from "./review/loupe";
import { AS_CAPTURED } from "./common/picture_levels";
import { Picture } from "./review/picture";
import type { Edit, ImageReview, WidthKind } from "./review/protocol";
import { tabs } from "./review/tabs";
import { type Vessels, fetchVessels } from "./review/vessels";

const root = need("#review");
const mayEdit = root.dataset["mayEdit"] === "true";
const ZOOM_STEP = 1.3;

let validatedBy: string | null = null;
const picture = new Picture();
const loupe = new Loupe(need<HTMLCanvasElement>("#loupe"), picture.canvas);
const IMAGE = `exams/${root.dataset["exam"]}/images/${root.dataset["image"]}`;
const service = new ReviewService(IMAGE, show, toastFault);
const against = new AgainstDialog();
const send = (edit: Edit): void => {
  const found = contradictedBy(edit, service.current);
  if (!found) return void service.edit(edit);
  against.ask(found, () => void service.edit({ ...edit, against_measurement: true } as Edit));
  // A choice that was not made yet shows what stands.
  show(service.current);
};
const panel = new FindingPanel(need("#finding"), { onEdit: send, onDraw: (kind) => setMode(kind) });
const table = new FindingsTable(need("#findings"), mayEdit, { onSelect: choose, onEdit: send });
const board = new Board(need<HTMLDivElement>("#board"), picture, loupe, mayEdit, {
  onSelect: (id) => {
    panel.show(service.current, id);
    table.show(service.current, id);
  },
  onBox: (finding_id, box) => send({ kind: "change_box", finding_id, box }),
  onWidth: (finding_id, width, [start_px, end_px]) =>
    send({ kind: "set_width", finding_id, width, segment: { start_px, end_px } }),
  onNewBox: add,
  onLive: (kind, segment) => {
    if (kind && segment && kind !== "measure" && panel.isCapillary) panel.live(kind, segment);
  },
  onDrawn: () => setMode("select"),
});

function show(review: ImageReview): void {
  if (validatedBy && !review.validated_by) toast(t("review.validated_taken_back", { name: validatedBy }));
  validatedBy = review.validated_by_name;
  board.show(review);
  panel.show(review, board.selectedId);
  table.show(review, board.selectedId);
  showMetrics(review);
  showState(review);
  root.dataset["revision"] = String(review.revision);
  void showLog();
}

function showMetrics({ analysis, machine, counts, decimals: digits }: ImageReview): void {
  document.querySelectorAll<HTMLElement>("[data-metric]").forEach((element) => {
    const key = element.dataset["metric"] as keyof typeof analysis.metrics;
    const decimals = digits[key] ?? 0;
    const shown = (metrics: typeof analysis.metrics) => figure(metrics[key] as number | null, decimals);
    // A picture that does not count has no figures, whatever was found in it.
    const now = counts ? shown(analysis.metrics) : figure(null, decimals);
    setText(need("[data-value]", element), now);
    const was = shown(machine.metrics);
    setText(need("[data-machine]", element), !counts || was === now ? "" : t("review.machine_said", { value: was }));
  });
}

function showState(review: ImageReview): void {
  const { quality } = review.analysis;
  const reasons = quality.reasons.map((reason) => tWord("quality", reason)).join("; ");
  const isOut = !review.counts;
  const state = need("#state");
  const word = review.validated_by
    ? t("review.state.validated", { name: review.validated_by_name ?? review.validated_by })
    : review.not_evaluable_because
      ? t("review.state.excluded")
      : !quality.evaluable
        ? t("review.state.unfit")
        : t(review.is_edited ? "review.state.edited" : "review.state.machine");
  setText(state, word);
  state.dataset["state"] = review.validated_by ? "good" : isOut ? "bad" : review.is_edited ? "edited" : "";
  need("#excluding").hidden = isOut;
  need("#including").hidden = !isOut;
  const because = review.not_evaluable_because;
  setText(
    need("#why-excluded"),
    because ? t("review.why_excluded", { reason: because }) : t("review.machine_excluded", { reason: reasons }),
  );
  const comment = need<HTMLTextAreaElement>("#comment");
  if (document.activeElement !== comment) comment.value = review.comment;
  need<HTMLButtonElement>("#comment-save").disabled = !mayEdit || comment.value.trim() === review.comment;
  need<HTMLButtonElement>('[data-command="undo"]').disabled = !mayEdit || !review.can_undo;
  need<HTMLButtonElement>('[data-command="redo"]').disabled = !mayEdit || !review.can_redo;
}

async function showLog(): Promise<void> {
  if (need("#panel-history").hidden) return;
  const { analysis } = service.current;
  const findings = numbersOf(analysis, service.current);
  await service.history().then(({ entries, names }) => showHistory(need("#history"), entries, { findings, people: names }), toastFault);
}

/** Reads the whole journal, so it is asked for when the log is opened and not with every change. */
async function showWholeness(): Promise<void> {
  if (need("#panel-history").hidden) return;
  await service.verifyJournal().then((check) => showChain(need("#chain"), check), toastFault);
}

function add(mode: "capillary" | "haemorrhage", box: { x: number; y: number; w: number; h: number }): void {
  if (Math.min(box.w, box.h) < 4) return toast(t("review.no_box"), "problem");
  const finding_id = service.current.next_finding_id;
  const edit: Edit =
    mode === "capillary"
      ? { kind: "add_capillary", finding_id, box, morphology: "normal" }
      : { kind: "add_haemorrhage", finding_id, box };
  void service.edit(edit).then(() => board.select(finding_id));
}

function choose(id: string): void {
  board.select(id);
  board.reveal();
}

function step(direction: 1 | -1): void {
  const order = inReadingOrder(service.current.analysis, service.current);
  if (!order.length) return;
  const at = board.selectedId ? order.indexOf(board.selectedId) : direction > 0 ? -1 : order.length;
  choose(order[(at + direction + order.length) % order.length]!);
}

function nudge(dx: number, dy: number): void {
  const { analysis, capillaries, haemorrhages } = service.current;
  const id = board.selectedId;
  if (!id || !mayEdit || service.isBusy) return;
  const loop = capillaries.findIndex((one) => one.finding_id === id);
  const blood = haemorrhages.findIndex((one) => one.finding_id === id);
  const bbox = loop >= 0 ? analysis.capillaries[loop]!.bbox_px : analysis.haemorrhages[blood]!.bbox_px;
  const box = boxOf(bbox);
  send({ kind: "change_box", finding_id: id, box: { ...box, x: box.x + dx, y: box.y + dy } });
}

function remove(): void {
  const id = board.selectedId;
  if (!id || !mayEdit) return;
  send({ kind: panel.isCapillary ? "delete_capillary" : "delete_haemorrhage", finding_id: id });
}

function setMode(mode: Mode): void {
  const needsLoop = mode === "apical" || mode === "arterial" || mode === "venous";
  if (mode !== "select" && mode !== "measure" && !mayEdit) return;
  if (needsLoop && !panel.isCapillary) return;
  board.setMode(mode);
  for (const name of ["select", "capillary", "haemorrhage", "measure"]) press(name, name === mode);
  const hint = need("#hint");
  hint.hidden = mode === "select";
  if (needsLoop) setText(hint, t("review.hint_width", { width: t(`loop.${mode as WidthKind}`) }));
  else if (mode !== "select") setText(hint, t(`review.hint_${mode as "capillary" | "haemorrhage" | "measure"}`));
}

/** The picture is right as it stands; on to the next that was not seen, or back to the exam once all were. */
async function accept(): Promise<void> {
  try {
    await service.see();
    window.location.assign(root.dataset["nextUnseen"]!);
  } catch (fault) {
    toastFault(fault);
  }
}

function press(command: string, isPressed: boolean): void {
  setAttribute(need(`[data-command="${command}"]`), "aria-pressed", String(isPressed));
}

function toggleMachine(): void {
  board.showsMachine = !board.showsMachine;
  press("machine", board.showsMachine);
  need("#machine-shown").hidden = !board.showsMachine;
  board.refresh();
}

function toggleOverlay(): void {
  board.showsFindings = !board.showsFindings;
  press("overlay", board.showsFindings);
  board.refresh();
}

let vessels: Vessels | null = null;

/** Asked for once a still, when it is first wanted. */
async function toggleVessels(): Promise<void> {
  const button = document.querySelector<HTMLElement>('[data-command="vessels"]');
  if (!button) return;
  const isShown = button.getAttribute("aria-pressed") !== "true";
  press("vessels", isShown);
  const words = need("#vessels-shown");
  words.hidden = !isShown;
  const said = need("[data-words]", words);
  setText(said, t("review.vessels_wait"));
  try {
    if (isShown) vessels ??= await fetchVessels(IMAGE);
  } catch (fault) {
    press("vessels", false);
    words.hidden = true;
    return toastFault(fault);
  }
  // It may have been switched off while the station was busy.
  board.vessels = words.hidden ? null : vessels;
  setText(said, t(vessels?.outlines.length ? "review.vessels_shown" : "review.vessels_none"));
  board.refresh();
}

function toggle(id: string, command: string): void {
  const element = need(`#${id}`);
  element.hidden = !element.hidden;
  if (command === "picture") press(command, !element.hidden);
}

function showPicture(): void {
  const value = (id: string) => Number(need<HTMLInputElement>(`#${id}`).value);
  picture.show({
    brightness: value("brightness"),
    contrast: value("contrast"),
    isGreen: need<HTMLInputElement>("#green").checked,
  });
  board.refresh();
}

function toggleGreen(): void {
  const box = need<HTMLInputElement>("#green");
  box.checked = !box.checked;
  showPicture();
}

const showTab = tabs(need(".tablist"), () => {
  void showLog();
  void showWholeness();
});

const ZOOMS: Record<string, () => void> = {
  in: () => board.zoom(ZOOM_STEP),
  out: () => board.zoom(1 / ZOOM_STEP),
  fit: () => board.fit(),
};

const commands: Handlers & Record<string, (choice: string) => void> = {
  select: () => setMode("select"),
  capillary: () => setMode("capillary"),
  haemorrhage: () => setMode("haemorrhage"),
  measure: () => setMode("measure"),
  width: () => setMode("apical"),
  undo: () => void service.undo(),
  redo: () => void service.redo(),
  delete: remove,
  row: () => mayEdit && panel.toggleRow(),
  shape: (shape) => mayEdit && panel.reclass(shape as Morphology),
  nudge: (by) => nudge(...(by.split(" ").map(Number) as [number, number])),
  machine: toggleMachine,
  overlay: toggleOverlay,
  vessels: () => void toggleVessels(),
  green: toggleGreen,
  picture: () => toggle("picture-settings", "picture"),
  help: () => toggle("help", "help"),
  zoom: (way) => ZOOMS[way]!(),
  finding: (way) => step(Number(way) as 1 | -1),
  neighbour: (way) => {
    const address = root.dataset[Number(way) > 0 ? "next" : "previous"];
    if (address) window.location.assign(address);
  },
  not_evaluable: () => {
    showTab("note");
    need<HTMLInputElement>("#reason").focus();
  },
  accept: () => mayEdit && void accept(),
  escape: () => {
    need("#help").hidden = true;
    setMode("select");
    board.select(null);
  },
};

document.querySelectorAll<HTMLElement>("[data-command]").forEach((button) =>
  button.addEventListener("click", () => commands[button.dataset["command"]!]?.(button.dataset["choice"] ?? "")),
);
showKeys("review");
listenToKeys("review", commands);
for (const id of ["brightness", "contrast", "green"]) need(`#${id}`).addEventListener("input", showPicture);
need("#picture-reset").addEventListener("click", () => {
  need<HTMLInputElement>("#brightness").value = String(AS_CAPTURED.brightness);
  need<HTMLInputElement>("#contrast").value = String(AS_CAPTURED.contrast);
  need<HTMLInputElement>("#green").checked = AS_CAPTURED.isGreen;
  showPicture();
});
const comment = need<HTMLTextAreaElement>("#comment");
comment.addEventListener("input", () => {
  need<HTMLButtonElement>("#comment-save").disabled = !mayEdit || comment.value.trim() === service.current.comment;
});
need("#comment-save").addEventListener("click", () => send({ kind: "set_comment", text: comment.value }));
need("#exclude").addEventListener("click", () => {
  const reason = need<HTMLInputElement>("#reason");
  if (!reason.value.trim()) return reason.focus();
  send({ kind: "exclude", reason: reason.value });
});
need("#include").addEventListener("click", () => send({ kind: "include" }));

const shown = document.querySelector<HTMLElement>('.filmstrip [aria-current="page"]');
shown?.scrollIntoView({ block: "nearest", inline: "center" });
await picture.load(root.dataset["picture"]!);
picture.show(AS_CAPTURED);
board.fit();
await service.load().catch(toastFault);
// For tests alone.
Object.assign(window, { __review: { board, service } });
root.dataset["ready"] = "true";
