import { describe, expect, it } from "vitest";
import { StationClock } from "../src/live/clock";
import { freshness } from "../src/live/freshness";
import { PaintLog } from "../src/live/metrics";
import { neighbourFinger } from "../src/live/placement";
import { parseFrameMessage, type Placement } from "../src/live/protocol";
import { waitBeforeAttemptMs } from "../src/live/socket";

const LIMITS = { overlayStaleMs: 500, pictureStaleMs: 1500 };

function message(header: object, picture: number[]): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + text.length + picture.length);
  new DataView(bytes.buffer).setUint32(0, text.length);
  bytes.set(text, 4);
  bytes.set(picture, 4 + text.length);
  return bytes.buffer;
}

describe("parseFrameMessage", () => {
  it("splits header and picture", async () => {
    const { header, jpeg } = parseFrameMessage(message({ type: "frame", seq: 12, note: "µm" }, [255, 216, 1]));
    expect(header.seq).toBe(12);
    expect(new Uint8Array(await jpeg.arrayBuffer())).toEqual(new Uint8Array([255, 216, 1]));
  });

  it("refuses a message that was cut short", () => {
    const whole = message({ type: "frame", seq: 12 }, [1, 2, 3]);
    expect(() => parseFrameMessage(whole.slice(0, 10))).toThrow(/announces a header/);
  });
});

describe("StationClock", () => {
  it("knows no age before the first answer", () => {
    expect(new StationClock().ageMs(5, 100)).toBeNull();
  });

  it("maps the station's clock through the middle of the round trip", () => {
    const clock = new StationClock();
    clock.answered(1000, 1010, 500_005);
    expect(clock.ageMs(500.0, 1010)).toBe(10);
  });

  it("trusts the fastest of the last answers", () => {
    const clock = new StationClock();
    clock.answered(1000, 1004, 500_002);
    clock.answered(2000, 2400, 501_390);
    expect(clock.roundTripMs).toBe(4);
    expect(clock.ageMs(501.0, 2000)).toBe(0);
  });

  it("forgets an answer after eight newer ones, so that a changed way is noticed", () => {
    const clock = new StationClock();
    clock.answered(0, 1, 0);
    for (let index = 1; index <= 8; index += 1) clock.answered(index * 100, index * 100 + 20, index * 100);
    expect(clock.roundTripMs).toBe(20);
  });

  it("knows nothing again after a reconnect", () => {
    const clock = new StationClock();
    clock.answered(0, 1, 0);
    clock.reset();
    expect(clock.isKnown).toBe(false);
  });
});

describe("freshness", () => {
  it.each([
    [100, 10, true, true, true],
    [500, 10, true, true, true],
    [501, 10, true, false, true],
    [100, 501, true, false, true],
    [1501, 10, true, false, false],
    [100, 1501, true, false, false],
    [100, 10, false, false, false],
    [null, 10, true, false, true],
    [null, 1600, true, false, false],
  ])("age %s ms, received %s ms ago, camera live %s", (age, received, isCameraLive, showOverlay, isPictureLive) => {
    expect(freshness(age, received, isCameraLive, LIMITS)).toEqual({ showOverlay, isPictureLive });
  });
});

describe("PaintLog", () => {
  const frame = (seq: number, paintedAtMs: number) => ({ seq, paintedAtMs, captureToPaintMs: 40, receiveToPaintMs: 9, decodeMs: 4, drawMs: 2 });

  it("keeps the last 2,048 frames, oldest first", () => {
    const log = new PaintLog();
    for (let seq = 0; seq < 3000; seq += 1) log.add(frame(seq, seq));
    const seqs = log.frames().map(({ seq }) => seq);
    expect(seqs).toHaveLength(2048);
    expect(seqs[0]).toBe(952);
    expect(seqs.at(-1)).toBe(2999);
    expect(log.painted).toBe(3000);
  });

  it("gives the rate of the last two seconds", () => {
    const log = new PaintLog();
    for (let index = 0; index < 100; index += 1) log.add(frame(index, index * 100));
    expect(log.fps(9900)).toBeCloseTo(10.5);
    expect(log.fps(60_000)).toBe(0);
  });
});

describe("reconnecting", () => {
  it("waits longer each time, never longer than about six seconds", () => {
    expect([0, 1, 2, 3, 4, 5, 20].map((attempt) => waitBeforeAttemptMs(attempt, 0))).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    expect(waitBeforeAttemptMs(20, 1)).toBe(6250);
  });
});

describe("neighbourFinger", () => {
  const at = (hand: Placement["hand"], finger: Placement["finger"]): Placement => ({ hand, finger, sector: "B" });

  it("goes from the left index to the right one and stays at the ends", () => {
    expect(neighbourFinger(at("left", "index"), 1)).toEqual(at("right", "index"));
    expect(neighbourFinger(at("left", "little"), -1)).toEqual(at("left", "little"));
    expect(neighbourFinger(at("right", "little"), 1)).toEqual(at("right", "little"));
  });

  it("leaves a thumb towards its own hand's index", () => {
    expect(neighbourFinger(at("right", "thumb"), -1)).toEqual(at("right", "index"));
  });
});
