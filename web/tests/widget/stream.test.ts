import { describe, expect, it } from "vitest";
import { parseFrame, type HubFrame } from "../../widget/src/protocol.ts";
import { Stream } from "../../widget/src/stream.ts";

const frame = (raw: object): HubFrame => parseFrame(raw)!;
const said = (seq: number, author: string, more: object = {}) =>
  frame({ type: "message", seq, id: `m${seq}`, author, text: `text ${seq}`, ...more });
const status = (seq: number, now: string, more: object = {}) => frame({ type: "status", seq, status: now, ...more });
const seqs = (stream: Stream) => stream.entries.map((entry) => (entry.type === "message" ? entry.seq : entry.status));

describe("the customer's stream", () => {
  it("shows each frame once, however replays overlap", () => {
    const frames = [1, 2, 3, 4, 5, 6, 7, 8].map((seq) => said(seq, seq % 2 ? "customer" : "bot"));
    for (const cuts of [[8], [3, 8], [1, 2, 5, 8], [8, 8], [5, 4, 8]]) {
      const stream = new Stream();
      for (const cut of cuts) {
        const from = Math.max(0, stream.lastSeq - 2);
        frames.slice(from, cut).forEach((one) => stream.accept(one));
      }
      expect(seqs(stream)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(stream.lastSeq).toBe(8);
    }
  });

  it("replaces what the customer wrote with the hub's copy of the same id", () => {
    const stream = new Stream();
    stream.write({ id: "m1", text: "text 1", attachments: [] });
    expect(stream.unacknowledged().map((item) => item.id)).toEqual(["m1"]);
    expect(stream.accept(frame({ type: "ack", id: "m1", seq: 1 }))).toBe(true);
    expect(stream.pending.map((item) => item.state)).toEqual(["sent"]);
    stream.accept(said(1, "customer"));
    expect(stream.pending).toEqual([]);
    expect(seqs(stream)).toEqual([1]);
  });

  it("does not let an acknowledgement skip frames that are still to come", () => {
    const stream = new Stream();
    stream.write({ id: "m3", text: "x", attachments: [] });
    stream.accept(frame({ type: "ack", id: "m3", seq: 3 }));
    [said(1, "bot"), said(2, "bot"), said(3, "customer")].forEach((one) => stream.accept(one));
    expect(seqs(stream)).toEqual([1, 2, 3]);
  });

  it("keeps a refused message with its reason, and sends it again under its id", () => {
    const stream = new Stream();
    stream.write({ id: "a", text: "x", attachments: [] });
    stream.accept(frame({ type: "error", code: "rate_limited", message: "slow down", id: "a" }));
    expect(stream.pending[0]).toMatchObject({ state: "failed", error: { code: "rate_limited", message: "slow down" } });
    expect(stream.unacknowledged()).toEqual([]);
    expect(stream.retry("a")?.id).toBe("a");
    expect(stream.unacknowledged().map((item) => item.id)).toEqual(["a"]);
  });

  it("sends again after a reload what was under way, but not what had failed", () => {
    const kept = new Stream();
    kept.write({ id: "a", text: "x", attachments: [] });
    kept.write({ id: "b", text: "y", attachments: [] });
    kept.accept(frame({ type: "error", code: "invalid", message: "", id: "b" }));
    const stream = new Stream(JSON.parse(JSON.stringify(kept.pending)));
    expect(stream.unacknowledged().map((item) => item.id)).toEqual(["a"]);
    expect(stream.pending.map((item) => item.state)).toEqual(["sending", "failed"]);
  });

  it("follows the conversation's life and marks its turns", () => {
    const stream = new Stream();
    [said(1, "customer"), status(2, "waiting", { queue_position: 3 })].forEach((one) => stream.accept(one));
    expect([stream.status, stream.queuePosition]).toEqual(["waiting", 3]);
    stream.accept(frame({ type: "status", status: "waiting", queue_position: 2 }));
    expect([stream.queuePosition, stream.lastSeq]).toEqual([2, 2]);
    stream.accept(status(3, "human", { agent: { name: "Lin" } }));
    expect([stream.status, stream.agent, stream.queuePosition]).toEqual(["human", "Lin", undefined]);
    stream.accept(status(4, "bot"));
    expect(seqs(stream)).toEqual([1, "human", "bot"]);
  });

  it("asks for a rating only when a human took part before the close", () => {
    const ratings = (...statuses: string[]) => {
      const stream = new Stream();
      statuses.forEach((now, at) => stream.accept(status(at + 1, now, { conversation: "c" })));
      return stream.entries.flatMap((entry) => (entry.type === "turning" && entry.status === "closed" ? entry.afterHuman : []));
    };
    expect(ratings("bot", "closed")).toEqual([false]);
    expect(ratings("waiting", "human", "closed")).toEqual([true]);
    expect(ratings("human", "bot", "closed")).toEqual([true]);
    expect(ratings("human", "closed", "bot", "closed")).toEqual([true, false]);
  });

  it("counts what the other side said after what was read", () => {
    const stream = new Stream();
    [said(1, "customer"), said(2, "bot"), said(3, "system"), said(4, "agent")].forEach((one) => stream.accept(one));
    expect([0, 2, 4].map((seq) => stream.unreadAfter(seq))).toEqual([2, 1, 0]);
  });

  it("shows that somebody writes until they have written", () => {
    const stream = new Stream();
    stream.accept(frame({ type: "typing", author: "agent" }));
    expect(stream.typing).toBe("agent");
    stream.accept(said(1, "agent"));
    expect(stream.typing).toBeUndefined();
  });
});

describe("frames from outside", () => {
  it("ignores what it does not know, and what is broken", () => {
    const broken = [null, 7, "x", {}, { type: "later" }, { type: "message", id: "a" }, { type: "status", seq: 1, status: "odd" }];
    expect(broken.map((raw) => parseFrame(raw))).toEqual(broken.map(() => undefined));
  });

  it("takes only well-formed parts of a message", () => {
    const raw = { type: "message", seq: 1, id: "a", author: "alien", text: 5, buttons: [{ title: "Yes" }, { payload: "x" }, 3] };
    expect(parseFrame(raw)).toMatchObject({ author: "system", text: "", buttons: [{ title: "Yes" }], sources: [], answers: [] });
  });
});
