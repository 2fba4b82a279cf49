// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FeedEvent } from "../../console/src/api/types.ts";
import { Feed } from "../../console/src/feed/feed.ts";

class Socket {
  static all: Socket[] = [];
  static OPEN = 1;
  readyState = 1;
  sent: unknown[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: () => void;
  constructor() {
    Socket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {}
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const event = (cursor: string) => ({ type: "event", cursor, kind: "typing", conversation: "c", data: {} });
let seen: string[];
let fresh: number;
let refused: number;
let feed: Feed;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  Socket.all = [];
  seen = [];
  fresh = refused = 0;
  feed = new Feed("ws://hub.example/api/v1/feed", {
    onEvent: (one: FeedEvent) => seen.push(String(one.cursor)),
    onFresh: () => (fresh += 1),
    onLink: () => undefined,
    onRefused: () => (refused += 1),
  });
  feed.start();
  Socket.all[0]!.onopen?.();
});

afterEach(() => {
  feed.stop();
  vi.useRealTimers();
});

async function reconnect(): Promise<Socket> {
  Socket.all.at(-1)!.onclose?.();
  await vi.advanceTimersByTimeAsync(20_000);
  const socket = Socket.all.at(-1)!;
  socket.onopen?.();
  return socket;
}

it("starts from now, and fetches once", () => {
  expect(Socket.all[0]!.sent).toEqual([{ type: "hello", token: null, after: null }]);
  Socket.all[0]!.say({ type: "ready", cursor: "5" });
  expect(fresh).toBe(1);
});

it("goes on after the last event that it has seen, without fetching anew", async () => {
  Socket.all[0]!.say({ type: "ready", cursor: "5" });
  Socket.all[0]!.say(event("6"));
  const socket = await reconnect();
  expect(socket.sent).toEqual([{ type: "hello", token: null, after: "6" }]);
  // The cursor in this answer is where the hub is, not where we are: the events up to it are still to come.
  socket.say({ type: "ready", cursor: "9" });
  socket.say(event("7"));
  expect((await reconnect()).sent).toEqual([{ type: "hello", token: null, after: "7" }]);
  expect([seen, fresh]).toEqual([["6", "7"], 1]);
});

it("fetches anew where its cursor was too old", async () => {
  Socket.all[0]!.say({ type: "ready", cursor: "5" });
  const socket = await reconnect();
  socket.say({ type: "resync" });
  socket.say({ type: "ready", cursor: "900" });
  expect(fresh).toBe(2);
  expect((await reconnect()).sent).toEqual([{ type: "hello", token: null, after: "900" }]);
});

it("tells when it is not let in", () => {
  Socket.all[0]!.say({ type: "error", code: "unauthenticated", message: "" });
  expect(refused).toBe(1);
});
