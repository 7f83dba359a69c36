// What every page has: the theme switch, the language menu and figures that explain themselves.

import { countDownWaits, followBrowserZone, revealPasswords } from "./account/forms";
import { explainFigures } from "./common/explain";

const YEAR_S = 31536000;

function switchTheme(): void {
  const root = document.documentElement;
  const next = root.dataset["theme"] === "light" ? "dark" : "light";
  root.dataset["theme"] = next;
  // A cookie, so that the next page arrives in the right colours without a flash.
  document.cookie = `nailfold_theme=${next}; path=/; max-age=${YEAR_S}; samesite=strict`;
}

function switchLanguage(event: Event): void {
  document.cookie = `nailfold_language=${(event.target as HTMLSelectElement).value}; path=/; max-age=${YEAR_S}; samesite=strict`;
  // By its address: reloading would send a form again that this page answered.
  window.location.replace(window.location.pathname + window.location.search);
}

document.querySelector("[data-language-switch]")?.addEventListener("change", switchLanguage);
document.querySelector("[data-theme-switch]")?.addEventListener("click", switchTheme);
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
const live = document.querySelector<HTMLElement>("#live");
explainFigures({ overlay: live?.dataset["overlayStaleMs"] ?? "500" });
revealPasswords();
countDownWaits();
followBrowserZone();
// Searches and undo steps of this tab may hold a patient's name: the next person who logs in starts without them.
if (window.location.pathname === "/login") sessionStorage.clear();
