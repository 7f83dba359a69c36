// A tab list as the ARIA authoring practices describe it: arrows move, the chosen panel shows.

/** Returns what shows the panel of a name, as a click on its tab does. */
export function tabs(list: HTMLElement, onShow: (panel: string) => void): (name: string) => void {
  const all = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];

  function choose(tab: HTMLElement): void {
    for (const one of all) {
      const isChosen = one === tab;
      one.setAttribute("aria-selected", String(isChosen));
      one.tabIndex = isChosen ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")!)!.hidden = !isChosen;
    }
    onShow(tab.getAttribute("aria-controls")!);
  }

  list.addEventListener("click", (event) => {
    const tab = (event.target as HTMLElement).closest<HTMLElement>('[role="tab"]');
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction) return;
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next = all[(at + direction + all.length) % all.length]!;
    next.focus();
    choose(next);
  });
  return (name) => choose(all.find((one) => one.id === `tab-${name}`)!);
}
