// The connection to the station: it comes back by itself, and never piles up old pictures.

import { type FrameMessage, type Pong, type Status, parseFrameMessage } from "./protocol";

export interface LiveHandlers {
  onFrame(message: FrameMessage, receivedAtMs: number): void;
  onStatus(status: Status): void;
  onPong(pong: Pong, receivedAtMs: number): void;
  onConnection(isConnected: boolean): void;
  /** The station refused this browser: its session has ended. */
  onRefused(): void;
}

const REFUSED = 4403;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;
const PING_INTERVAL_MS = 2000;
// While a page loads its answers are read late; some quick pings after that find an undisturbed round trip.
const FIRST_PING_INTERVAL_MS = 120;
const FIRST_PINGS = 10;

/** Waits between attempts: doubling, with up to a quarter of chance so that pages do not all return at once. */
export function waitBeforeAttemptMs(attempt: number, chance: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (1 + chance / 4);
}

export class LiveConnection {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private pinger = 0;

  constructor(
    private readonly url: string,
    private readonly handlers: LiveHandlers,
  ) {}

  open(): void {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (event) => this.received(event.data);
    socket.onclose = (event) => this.closed(event.code);
    this.socket = socket;
  }

  private opened(socket: WebSocket): void {
    this.attempt = 0;
    this.handlers.onConnection(true);
    const ping = () => socket.send(JSON.stringify({ type: "ping", sent_ms: performance.now() }));
    const pingOn = (sent: number) => {
      ping();
      this.pinger = window.setTimeout(() => pingOn(sent + 1), sent < FIRST_PINGS ? FIRST_PING_INTERVAL_MS : PING_INTERVAL_MS);
    };
    pingOn(1);
  }

  private received(data: string | ArrayBuffer): void {
    const receivedAtMs = performance.now();
    if (data instanceof ArrayBuffer) {
      this.socket?.send('{"type":"ack"}');
      this.handlers.onFrame(parseFrameMessage(data), receivedAtMs);
      return;
    }
    const said = JSON.parse(data) as Status | Pong;
    if (said.type === "pong") this.handlers.onPong(said, receivedAtMs);
    else this.handlers.onStatus(said);
  }

  private closed(code: number): void {
    window.clearTimeout(this.pinger);
    this.handlers.onConnection(false);
    if (code === REFUSED) {
      this.handlers.onRefused();
      return;
    }
    window.setTimeout(() => this.open(), waitBeforeAttemptMs(this.attempt, Math.random()));
    this.attempt += 1;
  }
}
