// Every figure explains itself: hover, focus or tap its name.

import { need, setText } from "./dom";
import { type TextKey, t } from "./i18n";

const MARGIN_PX = 12;
const GAP_PX = 8;

/** Shows definition and source beside any element with `data-explain`. */
export function explainFigures(values: Record<string, string | number> = {}): void {
  const bubble = need("#explanation");
  let pinned: Element | null = null;

  function show(target: HTMLElement): void {
    const key = target.dataset["explain"]!;
    const part = (name: string) => t(`metrics.${key}.${name}` as TextKey, values);
    const { detail } = target.dataset;
    bubble.replaceChildren(
      Object.assign(document.createElement("strong"), { textContent: part("name") }),
      ...(detail ? [Object.assign(document.createElement("p"), { textContent: detail, className: "detail" })] : []),
      Object.assign(document.createElement("p"), { textContent: part("definition") }),
      Object.assign(document.createElement("small"), { textContent: part("source") }),
    );
    bubble.hidden = false;
    // Beside the whole reading, not over the figure that is being explained.
    place(bubble, (target.closest(".density, .reading, .shape") ?? target).getBoundingClientRect());
    target.setAttribute("aria-describedby", "explanation");
  }

  function hide(): void {
    bubble.hidden = true;
    pinned = null;
  }

  const explained = (event: Event) => (event.target as Element | null)?.closest?.<HTMLElement>("[data-explain]") ?? null;
  document.addEventListener("pointerover", (event) => {
    const target = explained(event);
    if (event.pointerType === "mouse" && target && !pinned) show(target);
  });
  document.addEventListener("pointerout", (event) => {
    if (event.pointerType === "mouse" && explained(event) && !pinned) hide();
  });
  document.addEventListener("focusin", (event) => {
    const target = explained(event);
    if (target?.matches(":focus-visible")) show(target);
    else if (!pinned) hide();
  });
  document.addEventListener("click", (event) => {
    const target = explained(event);
    if (!target || target === pinned) return hide();
    show(target);
    pinned = target;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  setText(bubble, "");
}

function place(bubble: HTMLElement, at: DOMRect): void {
  const { width, height } = bubble.getBoundingClientRect();
  const left = Math.min(Math.max(MARGIN_PX, at.left), window.innerWidth - width - MARGIN_PX);
  const below = at.bottom + GAP_PX;
  const top = below + height + MARGIN_PX > window.innerHeight ? at.top - height - GAP_PX : below;
  bubble.style.transform = `translate(${Math.round(left)}px, ${Math.round(Math.max(MARGIN_PX, top))}px)`;
}
