// What the box's own buttons did: this page stands still where they froze it, and says why a press did nothing.

import { ApiFault, getBytes } from "../common/api";
import { toast } from "../common/toast";
import type { ButtonsDocument } from "../generated/api";
import { type FrameMessage, parseFrameMessage } from "./protocol";
import type { Stage } from "./stage";

const GONE = 404;
const FETCH_AGAIN_MS = 500;

export class BoxButtons {
  private told: ButtonsDocument | null = null;

  constructor(
    private readonly stage: Pick<Stage, "recentOf" | "freezeOn" | "seq" | "isFrozen">,
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
    const isWanted = () => this.told?.frozen_seq === seq;
    const message = this.stage.recentOf(seq) ?? (await this.fetched(seq, isWanted));
    if (message && (await this.stage.freezeOn(message, isWanted))) this.showFrozen(true);
  }

  /** A slow page is sent few pictures, and the one that the box holds need not be among them. */
  private async fetched(seq: number, isWanted: () => boolean): Promise<FrameMessage | null> {
    while (isWanted()) {
      try {
        return parseFrameMessage(await getBytes(`exam/held/${seq}`));
      } catch (fault) {
        if (fault instanceof ApiFault && fault.status === GONE) return null;
      }
      await new Promise((resolve) => setTimeout(resolve, FETCH_AGAIN_MS));
    }
    return null;
  }
}
