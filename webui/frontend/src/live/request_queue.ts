// Requests that change the exam, in the order in which the operator meant them.

/**
 * Runs one task after the other. The station handles requests on many threads: two that are under way together may be
 * handled, and answered, in either order.
 */
export class RequestQueue {
  private last: Promise<unknown> = Promise.resolve();
  private unsettled = 0;
  private faults = 0;

  get isIdle(): boolean {
    return this.unsettled === 0;
  }

  /** What the task gives; null where one that was added before it failed and it was therefore left out. */
  add<Result>(task: () => Promise<Result>): Promise<Result | null> {
    const faultsBefore = this.faults;
    this.unsettled += 1;
    const run = this.last.then(async () => {
      try {
        return this.faults === faultsBefore ? await task() : null;
      } catch (fault) {
        this.faults += 1;
        throw fault;
      } finally {
        this.unsettled -= 1;
      }
    });
    this.last = run.catch(() => {});
    return run;
  }
}
