// The box's board: shows what its buttons, lamp and sensors do, sets the light, and presses a simulated one's buttons.

import { get, post, send } from "./common/api";
import { need, setAttribute, setText } from "./common/dom";
import { t, type TextKey } from "./common/i18n";
import { toastFault } from "./common/toast";
import type { BoardAnswer, BoardDocument } from "./generated/api";

const ASK_EVERY_MS = 300;
/** The slider moves faster than a request comes back; only the newest level matters. */
const LIGHT_EVERY_MS = 100;

const page = need("#board");
const slider = need<HTMLInputElement>("#board-light");
const buttons = [...page.querySelectorAll<HTMLButtonElement>("[data-button]")];
let touchedAtMs = -Infinity;
let isSending = false;
let wanted: number | null = null;

function show(board: BoardDocument): void {
  setAttribute(page, "data-connected", String(board.is_connected));
  const reason = need("#board-reason");
  setText(reason, board.reason);
  reason.hidden = board.reason === "";
  for (const button of buttons) {
    const name = button.dataset["button"]!;
    setAttribute(button, "data-there", String(board.buttons.includes(name)));
    setAttribute(button, "aria-pressed", String(board.pressed.includes(name)));
    button.disabled = !board.is_simulated || !board.is_connected;
  }
  const lamp = board.is_connected ? board.lamp : "";
  setAttribute(need("#board-led"), "data-lamp", lamp);
  setText(need("#board-lamp-words"), t(`board.signal.${lamp || "none"}` as TextKey));
  showLight(board);
  showFacts(board);
}

function showLight(board: BoardDocument): void {
  slider.disabled = board.light_level === null || !board.is_connected;
  // What a hand is moving is not moved back by what the box said before.
  if (board.light_level !== null && performance.now() - touchedAtMs > 1000) slider.value = String(Math.round(board.light_level * 100));
  setText(need("#board-light-value"), board.light_level === null ? t("board.absent") : `${slider.value} %`);
}

function showFacts(board: BoardDocument): void {
  const temperatures = Object.entries(board.temperatures_c).map(([name, value]) => `${name} ${value.toFixed(1)} °C`);
  const fans = Object.entries(board.fans_rpm).map(([name, value]) => `${name} ${value} /min`);
  const facts: Record<string, string> = {
    name: [board.name, board.model].filter(Boolean).join(" · ") || "–",
    temperatures: temperatures.join(", ") || "–",
    fans: fans.join(", ") || "–",
    watchdog: board.watchdog ? [board.watchdog, board.watchdog_reason].filter(Boolean).join(": ") : t("board.absent"),
  };
  for (const [name, words] of Object.entries(facts)) setText(need(`[data-fact="${name}"]`), words);
}

async function ask(): Promise<void> {
  if (document.hidden) return;
  try {
    show((await get<BoardAnswer>("board")).board);
  } catch {
    setAttribute(page, "data-connected", "false");
  }
}

async function press(button: HTMLButtonElement, isPressed: boolean): Promise<void> {
  if (button.dataset["held"] === String(isPressed)) return;
  button.dataset["held"] = String(isPressed);
  try {
    await post("board/press", { button: button.dataset["button"], is_pressed: isPressed });
    await ask();
  } catch (fault) {
    toastFault(fault);
  }
}

/** By finger, mouse or key: for as long as it is held down here, the board's button is held down. */
function listenTo(button: HTMLButtonElement): void {
  const isKey = (event: KeyboardEvent) => event.key === " " || event.key === "Enter";
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    void press(button, true);
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    button.addEventListener(end, () => button.dataset["held"] === "true" && void press(button, false));
  }
  button.addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) void press(button, true);
  });
  button.addEventListener("keyup", (event) => isKey(event) && void press(button, false));
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

async function sendLight(): Promise<void> {
  if (isSending || wanted === null) return;
  isSending = true;
  const level = wanted;
  wanted = null;
  try {
    await send("PUT", "board/light", { level });
  } catch (fault) {
    toastFault(fault);
  }
  isSending = false;
  window.setTimeout(() => void sendLight(), LIGHT_EVERY_MS);
}

for (const button of buttons) listenTo(button);
slider.addEventListener("input", () => {
  touchedAtMs = performance.now();
  setText(need("#board-light-value"), `${slider.value} %`);
  wanted = Number(slider.value) / 100;
  void sendLight();
});
void ask();
window.setInterval(() => void ask(), ASK_EVERY_MS);
