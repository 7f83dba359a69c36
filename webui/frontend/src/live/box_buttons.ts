// What the box's own buttons did: this page stands still where they froze it, and says why a press did nothing.

import { toast } from "../common/toast";
import type { ButtonsDocument } from "../generated/api";
import type { Stage } from "./stage";

export class BoxButtons {
  private told: ButtonsDocument | null = null;

  constructor(
    private readonly stage: Pick<Stage, "freezeAt" | "seq" | "isFrozen">,
    private readonly showFrozen: (isFrozen: boolean) => void,
  ) {}

  /** With every state of the station; acts only on what is new since this page was opened. */
  follow(buttons: ButtonsDocument): void {
    const before = this.told;
    this.told = buttons;
    if (before === null) return;
    if (buttons.presses > before.presses && buttons.problem) toast(buttons.problem, "problem");
    if (buttons.frozen_seq === before.frozen_seq) return;
    if (buttons.frozen_seq !== null) void this.freezeAt(buttons.frozen_seq);
    else if (this.stage.isFrozen && this.stage.seq === before.frozen_seq) this.showFrozen(false);
  }

  private async freezeAt(seq: number): Promise<void> {
    if (await this.stage.freezeAt(seq)) this.showFrozen(true);
  }
}
