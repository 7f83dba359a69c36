// Every calibration that was kept, with what can be done with it; what was done can be undone.

import { post } from "../common/api";
import { need } from "../common/dom";
import { language, t } from "../common/i18n";
import { toast, toastFault } from "../common/toast";
import type { Kept } from "./protocol";
import { scaleWords } from "./words";

interface StateAnswer {
  previous_state: Kept["state"];
  replaced: string | null;
}

export class CalibrationList {
  private readonly root = need("#list");

  constructor(
    private readonly mayChange: boolean,
    private readonly onChanged: () => void,
  ) {}

  show(kept: Kept[], inForce: string | null): void {
    this.root.replaceChildren(...kept.map((one) => this.row(one, one.calibration_id === inForce)));
    if (!kept.length) this.root.append(Object.assign(document.createElement("li"), { className: "hint", textContent: t("calibration.nothing_kept") }));
  }

  private row(one: Kept, isInForce: boolean): HTMLElement {
    const row = document.createElement("li");
    row.dataset["state"] = one.state;
    row.toggleAttribute("data-in-force", isInForce);
    const scale = element("a", "cal-list-scale", `${scaleWords(one.um_per_px, one.uncertainty_um_per_px).join(" ± ")} µm/px`);
    (scale as HTMLAnchorElement).href = `/calibration/${one.calibration_id}`;
    const when = new Date(one.made_at_utc).toLocaleDateString(language(), { dateStyle: "medium" });
    const facts = element("span", "hint", `${one.magnification}, ${one.width_px} × ${one.height_px}, ${one.device_name}. ${when}, ${one.operator_name}`);
    const tag = element("span", "tag cal-tag", t(`calibration.state_${one.state}`));
    tag.dataset["state"] = one.state;
    const words = element("div", "cal-list-words");
    words.append(scale, facts);
    row.append(words, tag);
    if (this.mayChange) row.append(this.button(one));
    return row;
  }

  private button(one: Kept): HTMLElement {
    const isActive = one.state === "active";
    const button = element("button", "button", t(isActive ? "calibration.retire" : "calibration.use_again")) as HTMLButtonElement;
    button.type = "button";
    button.addEventListener("click", () => void this.change(one.calibration_id, isActive ? "retired" : "active"));
    return button;
  }

  private async change(id: string, state: Kept["state"]): Promise<void> {
    try {
      const { previous_state, replaced } = await post<StateAnswer>(`calibrations/${id}/state`, { state });
      const undo = async () => {
        await post(`calibrations/${id}/state`, { state: previous_state });
        if (replaced) await post(`calibrations/${replaced}/state`, { state: "active" });
        this.onChanged();
      };
      toast(t(state === "retired" ? "calibration.retired_done" : "calibration.used_done"), "done", {
        label: t("exam.undo"),
        run: () => void undo().catch(toastFault),
      });
      this.onChanged();
    } catch (fault) {
      toastFault(fault);
    }
  }
}

function element(tag: string, className: string, text = ""): HTMLElement {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
