// The image's state at the station, and the queue of changes on their way there.

import { ApiFault, get, post } from "../common/api";
import type { Edit, HistoryEntry, ImageReview, JournalCheck } from "./protocol";

type Listener = (review: ImageReview) => void;

/** One image's review. Changes go one after the other, each naming the revision that the one before led to. */
export class ReviewService {
  private review: ImageReview | null = null;
  private queue: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly path: string,
    private readonly onChange: Listener,
    private readonly onFault: (fault: unknown) => void,
  ) {}

  get current(): ImageReview {
    if (!this.review) throw new Error("the review was not loaded");
    return this.review;
  }

  get isBusy(): boolean {
    return this.waiting > 0;
  }

  async load(): Promise<void> {
    this.take(await get<ImageReview>(`${this.path}/review`));
  }

  edit(edit: Edit): Promise<void> {
    return this.send("edits", { edit });
  }

  undo(): Promise<void> {
    return this.send("undo");
  }

  redo(): Promise<void> {
    return this.send("redo");
  }

  history(): Promise<{ entries: HistoryEntry[]; names: Record<string, string> }> {
    return get(`${this.path}/history`);
  }

  /** Resolves once every change made so far is at the station. */
  settled(): Promise<void> {
    return this.queue;
  }

  /** The reader has seen the picture as it is. */
  async see(): Promise<void> {
    await this.settled();
    await post(`${this.path}/seen`);
  }

  verifyJournal(): Promise<JournalCheck> {
    return get<JournalCheck>("journal/verify");
  }

  private send(verb: string, body: object = {}): Promise<void> {
    this.waiting += 1;
    this.queue = this.queue.then(() => this.sendNow(verb, body)).finally(() => (this.waiting -= 1));
    return this.queue;
  }

  private async sendNow(verb: string, body: object): Promise<void> {
    try {
      this.take(await post<ImageReview>(`${this.path}/${verb}`, { ...body, revision: this.current.revision }));
    } catch (fault) {
      // Whatever the page has drawn ahead is not so: show what stands.
      if (fault instanceof ApiFault && fault.status !== 0) await this.load().catch(this.onFault);
      else this.take(this.current);
      this.onFault(fault);
    }
  }

  private take(review: ImageReview): void {
    this.review = review;
    this.onChange(review);
  }
}
