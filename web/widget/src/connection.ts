import { backoff } from "../../shared/backoff.ts";
import type { HubApi, Outgoing } from "./hub-api.ts";
import { decodeFrame, type BrowserFrame, type HubFrame } from "./protocol.ts";

export type LinkState = "connecting" | "live" | "polling" | "offline";

/** What the connection needs from the chat that it serves. */
export interface Client {
  session(): string;
  lastSeq(): number;
  unacknowledged(): Outgoing[];
  onFrame(frame: HubFrame): void;
  onLink(state: LinkState): void;
  /** The hub does not know this session (any more). The connection has stopped. */
  onSessionLost(): void;
}

export interface Surroundings {
  openSocket(url: string): WebSocket;
  after(ms: number, run: () => void): unknown;
  cancel(timer: unknown): void;
  random(): number;
}

export const browser: Surroundings = {
  openSocket: (url) => new WebSocket(url),
  after: (ms, run) => window.setTimeout(run, ms),
  cancel: (timer) => window.clearTimeout(timer as number | undefined),
  random: Math.random,
};

const READY_WITHIN = 10_000;
const ACK_WITHIN = 10_000;
const SOCKET_TRIES = 2;
const SOCKET_AGAIN = 60_000;
const POLL_SECONDS = 20;

/**
 * Keeps one session in touch with the hub: by a socket, or by long polling where sockets do not get through.
 *
 * Losing the link costs nothing: each new one asks for everything after the last frame seen, and sends what was not
 * acknowledged again under its old id.
 */
export class Connection {
  private socket?: WebSocket;
  private ready = false;
  private running = false;
  private attempt = 0;
  private refusals = 0;
  private timers: { retry?: unknown; ready?: unknown; ack?: unknown; again?: unknown } = {};
  private polling?: AbortController;
  private flushing = false;

  constructor(
    private readonly api: HubApi,
    private readonly client: Client,
    private readonly around: Surroundings = browser,
  ) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    this.openSocket();
  }

  stop(): void {
    this.running = false;
    this.dropSocket();
    this.attempt = this.refusals = 0;
    this.polling?.abort();
    this.polling = undefined;
    for (const timer of Object.values(this.timers)) this.around.cancel(timer);
  }

  /** The network is said to be back: try at once instead of waiting out the pause. */
  wake(): void {
    if (!this.running || this.socket) return;
    this.trySocketAgain();
  }

  /** The network is said to be gone: a socket does not notice that by itself for long. */
  suspect(): void {
    if (this.socket) this.fail(this.socket);
  }

  /** Sends a frame that may be lost; false where there is no socket to send it on. */
  send(frame: BrowserFrame): boolean {
    if (!this.ready || !this.socket) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Sends what is not acknowledged yet; called after something was added to it. */
  flush(only?: Outgoing): void {
    if (this.ready) {
      for (const message of only ? [only] : this.client.unacknowledged()) this.send({ type: "message", ...message });
      this.expectAck();
    } else if (this.polling) {
      void this.post(this.polling.signal);
    }
  }

  private openSocket(): void {
    this.client.onLink("connecting");
    this.ready = false;
    let socket: WebSocket;
    try {
      socket = this.around.openSocket(this.api.socketUrl);
    } catch {
      this.refusals = SOCKET_TRIES;
      return this.closed();
    }
    this.socket = socket;
    this.timers.ready = this.around.after(READY_WITHIN, () => this.fail(socket));
    socket.onopen = () => {
      const hello: BrowserFrame = { type: "hello", session: this.client.session(), after: this.client.lastSeq() };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = (event) => {
      const frame = typeof event.data === "string" ? decodeFrame(event.data) : undefined;
      if (frame && socket === this.socket) this.receive(frame);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.dropSocket();
      this.closed();
    };
  }

  private receive(frame: HubFrame): void {
    if (frame.type === "error" && frame.code === "unknown_session") return this.lose();
    // Not stored, but may be in a moment: the message stays unacknowledged and goes out again.
    if (frame.type === "error" && frame.code === "unavailable" && frame.id !== undefined) {
      this.around.cancel(this.timers.again);
      this.timers.again = this.around.after(backoff(this.attempt++, this.around.random), () => this.flush());
      return;
    }
    if (frame.type === "ack") this.attempt = 0;
    this.client.onFrame(frame);
    if (frame.type === "ready") {
      this.ready = true;
      this.attempt = this.refusals = 0;
      this.around.cancel(this.timers.ready);
      this.client.onLink("live");
      this.flush();
    } else if (frame.type === "ack" || frame.type === "error") {
      this.expectAck();
    }
  }

  /** A socket can be dead without knowing it: an acknowledgement that does not come is the sign. */
  private expectAck(): void {
    this.around.cancel(this.timers.ack);
    const socket = this.socket;
    if (!socket || this.client.unacknowledged().length === 0) return;
    this.timers.ack = this.around.after(ACK_WITHIN, () => this.fail(socket));
  }

  private fail(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.dropSocket();
    this.closed();
  }

  private dropSocket(): void {
    const socket = this.socket;
    if (socket && !this.ready) this.refusals += 1;
    this.socket = undefined;
    this.ready = false;
    this.around.cancel(this.timers.ready);
    this.around.cancel(this.timers.ack);
    socket?.close();
  }

  private closed(): void {
    if (!this.running) return;
    if (this.refusals >= SOCKET_TRIES) return void this.poll();
    this.client.onLink(this.attempt > 0 ? "offline" : "connecting");
    this.timers.retry = this.around.after(backoff(this.attempt++, this.around.random), () => this.openSocket());
  }

  /** Long polling until it is time to try a socket again. */
  private async poll(): Promise<void> {
    const polling = (this.polling = new AbortController());
    const { signal } = polling;
    this.timers.retry = this.around.after(SOCKET_AGAIN, () => this.trySocketAgain());
    void this.post(signal);
    let wait = 0;
    let wasAway = false;
    while (!signal.aborted) {
      const answer = await this.api.poll(this.client.session(), this.client.lastSeq(), wait, signal);
      if (signal.aborted) break;
      if (answer.kind === "lost") return this.lose();
      if (answer.kind === "frames") {
        wait = POLL_SECONDS;
        this.client.onLink("polling");
        answer.frames.forEach((frame) => this.client.onFrame(frame));
        if (wasAway) return this.trySocketAgain();
      } else {
        wasAway = true;
        this.client.onLink("offline");
        await this.pause(signal);
        void this.post(signal);
      }
    }
  }

  /** One try; if it fails too, polling goes on. */
  private trySocketAgain(): void {
    this.around.cancel(this.timers.retry);
    this.polling?.abort();
    this.polling = undefined;
    this.attempt = 0;
    this.refusals = SOCKET_TRIES - 1;
    this.openSocket();
  }

  /** Posts the unacknowledged messages one after the other; what does not get through stays for the next time. */
  private async post(signal: AbortSignal): Promise<void> {
    if (this.flushing) return;
    this.flushing = true;
    try {
      for (let next; (next = this.client.unacknowledged()[0]) && !signal.aborted; ) {
        const answer = await this.api.post(this.client.session(), next, signal);
        if (answer.kind === "lost") return this.lose();
        if (answer.kind === "away") return;
        this.client.onFrame(answer.frame);
      }
    } finally {
      this.flushing = false;
    }
  }

  private pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.around.after(backoff(this.attempt++, this.around.random), resolve);
      signal.addEventListener("abort", () => (this.around.cancel(timer), resolve()), { once: true });
    });
  }

  private lose(): void {
    if (!this.running) return;
    this.stop();
    this.client.onSessionLost();
  }
}
