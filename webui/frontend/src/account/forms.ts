// Forms of people and passwords; they work without this, only less comfortably.

/** Buttons beside password fields that show what was typed. */
export function revealPasswords(root: ParentNode = document): void {
  root.querySelectorAll<HTMLButtonElement>("[data-reveal]").forEach((button) => {
    const field = document.getElementById(button.dataset["reveal"] ?? "") as HTMLInputElement | null;
    if (field === null) return;
    const label = button.getAttribute("aria-label")?.split(": ")[1] ?? "";
    button.addEventListener("click", () => {
      const isShown = field.type === "password";
      field.type = isShown ? "text" : "password";
      const word = (isShown ? button.dataset["hide"] : button.dataset["show"]) ?? "";
      button.textContent = word;
      button.setAttribute("aria-label", `${word}: ${label}`);
      field.focus();
    });
    // A shown password must not be kept by the browser as a plain field's text.
    field.form?.addEventListener("submit", () => (field.type = "password"));
  });
}

/** "Next try in 5 s" counts down; until then the form cannot be sent. */
export function countDownWaits(root: ParentNode = document): void {
  root.querySelectorAll<HTMLElement>("[data-wait]").forEach((line) => {
    const button = line.closest("form")?.querySelector<HTMLButtonElement>("button.primary");
    if (!button) return;
    const endsAt = performance.now() + 1000 * Number(line.dataset["wait"]);
    button.disabled = true;
    const show = (): void => {
      const left = Math.ceil((endsAt - performance.now()) / 1000);
      line.textContent = (line.dataset["text"] ?? "").replace("{seconds}", String(left));
      if (left > 0) return;
      clearInterval(timer);
      line.hidden = true;
      button.disabled = false;
    };
    const timer = setInterval(show, 250);
    show();
  });
}

/** A new box is set up by somebody who is where it stands: the browser's time zone is chosen until another one is. */
export function followBrowserZone(root: ParentNode = document, zone = Intl.DateTimeFormat().resolvedOptions().timeZone): void {
  root.querySelectorAll<HTMLSelectElement>("[data-browser-zone]").forEach((list) => {
    if ([...list.options].some((option) => option.value === zone)) list.value = zone;
  });
}
