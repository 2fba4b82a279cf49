import type { FeedEvent } from "../api/types.ts";
import { backoff } from "../../../shared/backoff.ts";

export type FeedLink = "connecting" | "live" | "offline";

export interface FeedClient {
  onEvent(event: FeedEvent): void;
  /** Nothing that was fetched before can be trusted: fetch again. Also called after the first connection. */
  onFresh(): void;
  onLink(link: FeedLink): void;
  /** The hub does not let us in; perhaps the log-in has run out. */
  onRefused(): void;
}

type Frame =
  | { type: "ready"; cursor: FeedEvent["cursor"] }
  | { type: "resync" }
  | { type: "error"; code: string }
  | FeedEvent;

const READY_WITHIN = 10_000;

/**
 * The agents' feed: one socket, reopened whenever it breaks, each time from the last event seen.
 *
 * The log-in cookie travels with the socket, so the token in the first frame is null.
 */
export class Feed {
  private cursor: FeedEvent["cursor"] | null = null;
  private socket?: WebSocket;
  private timer?: number;
  private attempt = 0;
  private live = false;
  private greeted = false;

  constructor(
    private readonly url: string,
    private readonly client: FeedClient,
  ) {}

  start(): void {
    this.live = true;
    window.addEventListener("online", this.wake);
    this.open();
  }

  stop(): void {
    this.live = false;
    window.removeEventListener("online", this.wake);
    window.clearTimeout(this.timer);
    this.drop();
  }

  private readonly wake = (): void => {
    if (this.socket?.readyState === WebSocket.OPEN) return;
    this.attempt = 0;
    this.drop();
    this.open();
  };

  private open(): void {
    window.clearTimeout(this.timer);
    this.client.onLink(this.attempt < 2 ? "connecting" : "offline");
    this.greeted = false;
    const socket = (this.socket = new WebSocket(this.url));
    this.timer = window.setTimeout(() => socket === this.socket && this.broken(), READY_WITHIN);
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: null, after: this.cursor }));
    socket.onmessage = ({ data }) => socket === this.socket && this.receive(JSON.parse(String(data)) as Frame);
    socket.onclose = () => socket === this.socket && this.broken();
  }

  private receive(frame: Frame): void {
    switch (frame.type) {
      case "ready": {
        const first = this.cursor === null;
        // After a reconnect the events since our cursor are still to come; only they may move it.
        if (first) this.cursor = frame.cursor;
        this.greeted = true;
        this.attempt = 0;
        window.clearTimeout(this.timer);
        this.client.onLink("live");
        if (first) this.client.onFresh();
        return;
      }
      case "event":
        this.cursor = frame.cursor;
        this.client.onEvent(frame);
        return;
      case "resync":
        // Usually a `ready` with a new cursor follows, and is then a first one.
        this.cursor = null;
        if (this.greeted) this.client.onFresh();
        return;
      case "error":
        this.client.onRefused();
        return;
    }
  }

  private broken(): void {
    this.drop();
    if (!this.live) return;
    this.client.onLink(this.attempt < 2 ? "connecting" : "offline");
    this.timer = window.setTimeout(() => this.open(), backoff(this.attempt++));
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    window.clearTimeout(this.timer);
    socket?.close();
  }
}
