// What the benchmark reads: when each picture was really drawn.

export interface PaintedFrame {
  seq: number;
  /** Capture to the end of drawing, on the station's clock; null while that clock is unknown. */
  captureToPaintMs: number | null;
  /** Receipt by this page to the end of drawing. */
  receiveToPaintMs: number;
  decodeMs: number;
  drawMs: number;
  paintedAtMs: number;
}

const CAPACITY = 2048;

/** The last 2,048 painted frames. The compositor shows a drawn canvas at the display's next refresh. */
export class PaintLog {
  private ring: PaintedFrame[] = [];
  private next = 0;
  painted = 0;

  add(frame: PaintedFrame): void {
    this.ring[this.next] = frame;
    this.next = (this.next + 1) % CAPACITY;
    this.painted += 1;
  }

  /** Oldest first. */
  frames(): PaintedFrame[] {
    return [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
  }

  /** Frames drawn in each of the last `windowMs`, as a rate in 1/s. */
  fps(nowMs: number, windowMs = 2000): number {
    const recent = this.ring.filter((frame) => nowMs - frame.paintedAtMs <= windowMs);
    return (recent.length * 1000) / windowMs;
  }
}
