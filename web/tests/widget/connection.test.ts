import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Connection, type Client, type LinkState, type Surroundings } from "../../widget/src/connection.ts";
import { HubApi, type Outgoing } from "../../widget/src/hub-api.ts";
import type { HubFrame } from "../../widget/src/protocol.ts";

class FakeSocket {
  sent: Record<string, unknown>[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: () => void;
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  accept(): void {
    this.onopen?.();
    this.say({ type: "ready", conversation: "c", status: "bot" });
  }
}

/** A chat reduced to what the connection asks of it. */
class Chat implements Client {
  waiting: Outgoing[] = [];
  frames: HubFrame[] = [];
  links: LinkState[] = [];
  last = 0;
  lost = 0;
  session = () => "secret";
  lastSeq = () => this.last;
  unacknowledged = () => this.waiting;
  onLink = (state: LinkState) => void this.links.push(state);
  onSessionLost = () => void (this.lost += 1);

  onFrame = (frame: HubFrame): void => {
    this.frames.push(frame);
    if (frame.type === "ack" || frame.type === "error") this.waiting = this.waiting.filter(({ id }) => id !== frame.id);
    if (frame.type === "message") this.last = frame.seq;
  };
}

let sockets: FakeSocket[];
let chat: Chat;
let answers: ((url: string, init: RequestInit) => Response | Promise<Response>)[];
let requests: { url: string; method: string; body?: unknown }[];
let connection: Connection;
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const never = () => new Promise<Response>(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  answers = [];
  requests = [];
  chat = new Chat();
  const around: Surroundings = {
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    after: (ms, run) => setTimeout(run, ms),
    cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    random: () => 1,
  };
  const fetch = (async (url: string, init: RequestInit = {}) => {
    const body = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    requests.push({ url, method: init.method ?? "GET", body });
    return (answers.shift() ?? never)(url, init);
  }) as typeof globalThis.fetch;
  connection = new Connection(new HubApi("https://hub.example", "web", fetch), chat, around);
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const pause = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("over a socket", () => {
  it("says hello with the session and the last entry it has", () => {
    chat.last = 7;
    connection.start();
    sockets[0]!.accept();
    expect(sockets[0]!.sent).toEqual([{ type: "hello", session: "secret", after: 7 }]);
    expect(chat.links.at(-1)).toBe("live");
  });

  it("comes back after a break, asks for what it missed, and repeats what was not acknowledged", async () => {
    connection.start();
    sockets[0]!.accept();
    chat.waiting = [{ id: "a", text: "one" }, { id: "b", text: "two" }];
    connection.flush();
    sockets[0]!.say({ type: "ack", id: "a", seq: 1 });
    sockets[0]!.say({ type: "message", seq: 1, id: "a", author: "customer", text: "one" });
    sockets[0]!.onclose?.();
    await pause(500);
    sockets[1]!.accept();
    expect(sockets[1]!.sent).toEqual([
      { type: "hello", session: "secret", after: 1 },
      { type: "message", id: "b", text: "two" },
    ]);
  });

  it("gives a socket up that does not acknowledge", async () => {
    connection.start();
    sockets[0]!.accept();
    chat.waiting = [{ id: "a", text: "one" }];
    connection.flush();
    await pause(10_000);
    expect(sockets[0]!.closed).toBe(true);
    await pause(500);
    sockets[1]!.accept();
    expect(sockets[1]!.sent.at(-1)).toEqual({ type: "message", id: "a", text: "one" });
  });

  it("repeats a message that the hub could not store yet, instead of failing it", async () => {
    connection.start();
    sockets[0]!.accept();
    chat.waiting = [{ id: "a", text: "one" }];
    connection.flush();
    sockets[0]!.say({ type: "error", code: "unavailable", message: "", id: "a" });
    expect(chat.waiting).toHaveLength(1);
    await pause(500);
    expect(sockets[0]!.sent.filter(({ id }) => id === "a")).toHaveLength(2);
  });

  it("stops when the hub no longer knows the session", async () => {
    connection.start();
    sockets[0]!.onopen?.();
    sockets[0]!.say({ type: "error", code: "unknown_session", message: "" });
    await pause(60_000);
    expect([chat.lost, sockets.length, requests.length]).toEqual([1, 1, 0]);
  });
});

describe("where sockets do not get through", () => {
  async function refuseSockets(): Promise<void> {
    connection.start();
    sockets[0]!.onclose?.();
    await pause(500);
    sockets[1]!.onclose?.();
    await settle();
  }

  it("polls, posts what is waiting, and asks from the last entry on", async () => {
    chat.waiting = [{ id: "a", text: "one" }];
    answers = [
      () => json({ seq: 1 }, 202),
      () => json({ messages: [{ type: "message", seq: 1, id: "a", author: "customer", text: "one" }] }),
    ];
    await refuseSockets();
    await settle();
    expect(requests.map(({ method, url }) => `${method} ${url.split("/messages")[1]}`)).toEqual([
      "POST ",
      "GET ?after=0&wait=0",
      "GET ?after=1&wait=20",
    ]);
    expect(requests[0]!.body).toEqual({ id: "a", text: "one" });
    expect(chat.frames.map(({ type }) => type)).toEqual(["ack", "message"]);
    expect(chat.links.at(-1)).toBe("polling");
  });

  it("keeps the secret out of addresses", async () => {
    await refuseSockets();
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.filter(({ url }) => url.includes("secret"))).toEqual([]);
  });

  it("tells a refused message, and keeps one that met a hub that is down", async () => {
    chat.waiting = [{ id: "a", text: "too long" }, { id: "b", text: "fine" }];
    answers = [
      () => json({ detail: "too long", code: "invalid" }, 400),
      never,
      () => json({}, 503),
    ];
    await refuseSockets();
    expect(chat.frames).toEqual([{ type: "error", code: "invalid", message: "too long", id: "a" }]);
    expect(chat.waiting.map(({ id }) => id)).toEqual(["b"]);
  });

  it("notices that the session is gone", async () => {
    answers = [() => json({}, 401)];
    await refuseSockets();
    await settle();
    expect(chat.lost).toBe(1);
  });

  it("goes back to a socket as soon as the hub answers again", async () => {
    answers = [() => Promise.reject(new TypeError()), () => json({ messages: [] })];
    await refuseSockets();
    expect(chat.links.at(-1)).toBe("offline");
    await pause(2_000);
    expect(sockets).toHaveLength(3);
    sockets[2]!.accept();
    expect(chat.links.at(-1)).toBe("live");
  });
});
