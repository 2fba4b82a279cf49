import { describe, expect, it } from "vitest";
import type { Conversation, FeedEvent, Message } from "../../console/src/api/types.ts";
import {
  applyEvent,
  emptyInbox,
  forget,
  inReadingOrder,
  mergeConversation,
  mergeMessages,
  ownedBy,
  queue,
  resetMessages,
} from "../../console/src/feed/inbox.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 9, minute)).toISOString();

const conversation = (id: string, more: Partial<Conversation> = {}): Conversation => ({
  id,
  status: "bot",
  channel: "web",
  agent: null,
  customer: { id: `customer-${id}`, identities: [] },
  updated_at: at(0),
  unread: 0,
  ...more,
});

const message = (id: string, seq: number | null, minute: number, more: Partial<Message> = {}): Message => ({
  id,
  conversation: "a",
  seq,
  author: "customer",
  text: id,
  created_at: at(minute),
  kind: seq === null ? "note" : "message",
  ...more,
});

const event = (kind: FeedEvent["kind"], data: unknown, id?: string): FeedEvent => ({
  type: "event",
  cursor: "1",
  kind,
  data,
  conversation: id,
});

const ids = (items: { id: string }[]) => items.map((item) => item.id);

describe("the feed's events", () => {
  it("move a conversation from the queue to its owner and away again", () => {
    const inbox = emptyInbox();
    applyEvent(inbox, event("status", conversation("a", { status: "waiting", waiting_since: at(3) })), 0);
    applyEvent(inbox, event("status", conversation("b", { status: "waiting", waiting_since: at(1) })), 0);
    expect(ids(queue(inbox))).toEqual(["b", "a"]);
    applyEvent(inbox, event("status", conversation("b", { status: "human", agent: { id: "me", name: "Me" } })), 0);
    expect([ids(queue(inbox)), ids(ownedBy(inbox, "me"))]).toEqual([["a"], ["b"]]);
    applyEvent(inbox, event("status", conversation("b", { status: "closed" })), 0);
    expect(ownedBy(inbox, "me")).toEqual([]);
  });

  it("put the urgent in front of the queue, whoever came first", () => {
    const inbox = emptyInbox();
    applyEvent(inbox, event("status", conversation("a", { status: "waiting", waiting_since: at(1) })), 0);
    applyEvent(inbox, event("status", conversation("b", { status: "waiting", waiting_since: at(3), priority: 2 })), 0);
    expect(ids(queue(inbox))).toEqual(["b", "a"]);
  });

  it("tell about the person without touching whose the conversation is", () => {
    const inbox = emptyInbox();
    const window = { until: at(90), left: 3 };
    expect(applyEvent(inbox, event("person", conversation("a", { window }), "a"), 0)).toBe("a");
    mergeConversation(inbox, conversation("a", { status: "human", agent: { id: "me", name: "Me" }, unread: 2 }));
    applyEvent(inbox, event("person", conversation("a", { status: "closed", window, unreachable: "blocked" }), "a"), 0);
    expect(inbox.conversations.get("a")).toMatchObject({ status: "human", unread: 2, window, unreachable: "blocked" });
    applyEvent(inbox, event("person", conversation("a", { window: { until: at(91), left: 0 }, unreachable: null }), "a"), 0);
    expect(inbox.conversations.get("a")).toMatchObject({ window: { left: 0 }, unreachable: null });
  });

  it("count the customer's messages until somebody answers; system lines and notes do not answer", () => {
    const inbox = emptyInbox();
    mergeConversation(inbox, conversation("a"));
    const unread = () => inbox.conversations.get("a")!.unread;
    applyEvent(inbox, event("message", message("1", 1, 1), "a"), 0);
    applyEvent(inbox, event("message", message("2", 2, 2), "a"), 0);
    applyEvent(inbox, event("message", message("3", 3, 3, { author: "system" }), "a"), 0);
    applyEvent(inbox, event("note", message("4", null, 4, { author: "agent" }), "a"), 0);
    expect(unread()).toBe(2);
    expect(inbox.conversations.get("a")!.last_message!.text).toBe("3");
    applyEvent(inbox, event("message", message("5", 5, 5, { author: "agent" }), "a"), 0);
    expect(unread()).toBe(0);
  });

  it("do not count a message that the fetched conversation already contains", () => {
    const inbox = emptyInbox();
    const last = { author: "customer" as const, text: "1", created_at: at(1) };
    mergeConversation(inbox, conversation("a", { unread: 1, last_message: last }));
    applyEvent(inbox, event("message", message("1", 1, 1), "a"), 0);
    expect(inbox.conversations.get("a")!.unread).toBe(1);
  });

  it("name a conversation that has to be fetched", () => {
    expect(applyEvent(emptyInbox(), event("message", message("1", 1, 1), "new"), 0)).toBe("new");
  });

  it("show who is writing until they have written", () => {
    const inbox = emptyInbox();
    mergeConversation(inbox, conversation("a"));
    applyEvent(inbox, event("typing", { author: "agent" }, "a"), 5);
    expect(inbox.typing.size).toBe(0);
    applyEvent(inbox, event("typing", { author: "customer" }, "a"), 5);
    expect(inbox.typing.get("a")).toBe(5);
    applyEvent(inbox, event("message", message("1", 1, 1), "a"), 6);
    expect(inbox.typing.size).toBe(0);
  });

  it("tell which colleagues are there", () => {
    const inbox = emptyInbox();
    applyEvent(inbox, event("presence", { id: "x", name: "X", online: true }), 0);
    expect(inbox.online.get("x")).toBe(true);
  });
});

describe("what routes answer", () => {
  it("does not undo what the feed has brought meanwhile", () => {
    const inbox = emptyInbox();
    applyEvent(inbox, event("status", conversation("a", { status: "human", updated_at: at(2) })), 0);
    mergeConversation(inbox, conversation("a", { status: "waiting", updated_at: at(1) }));
    expect(inbox.conversations.get("a")!.status).toBe("human");
  });
});

describe("a busy day", () => {
  it("lets go of old conversations, but never of one that somebody needs", () => {
    const inbox = emptyInbox();
    const statuses = ["waiting", "closed", "human", "closed", "bot", "closed"] as const;
    statuses.forEach((status, minute) => mergeConversation(inbox, conversation(`${minute}`, { status, updated_at: at(minute) })));
    forget(inbox, 2, "1");
    expect([...inbox.conversations.keys()]).toEqual(["0", "1", "2", "4", "5"]);
  });
});

describe("a transcript", () => {
  it("holds each message once, with its latest delivery", () => {
    const inbox = emptyInbox();
    mergeConversation(inbox, conversation("a"));
    mergeMessages(inbox, "a", [message("1", 1, 1), message("2", 2, 2, { author: "agent", delivery: "queued" })]);
    applyEvent(inbox, event("message", message("2", 2, 2, { author: "agent", delivery: "sent" }), "a"), 0);
    const transcript = inbox.transcripts.get("a")!;
    expect(ids(transcript)).toEqual(["1", "2"]);
    expect(transcript[1]!.delivery).toBe("sent");
  });

  it("follows the stream's numbers, with notes where they were written", () => {
    const mixed = [message("n2", null, 9), message("3", 3, 5), message("n1", null, 2), message("1", 1, 1), message("2", 2, 5)];
    expect(ids(inReadingOrder(mixed))).toEqual(["1", "n1", "2", "3", "n2"]);
  });

  it("is not begun by an event: one that nobody opened is fetched whole when it is", () => {
    const inbox = emptyInbox();
    mergeConversation(inbox, conversation("a"));
    applyEvent(inbox, event("message", message("7", 7, 1), "a"), 0);
    expect(inbox.transcripts.has("a")).toBe(false);
  });
});

describe("letters that were moved", () => {
  it("leave the transcript, and what has come meanwhile stays", () => {
    const inbox = emptyInbox();
    mergeMessages(inbox, "a", [message("stays", 1, 1), message("goes", 2, 2)]);
    const before = new Set(ids(inbox.transcripts.get("a")!));
    mergeMessages(inbox, "a", [message("came", 3, 3)]);
    resetMessages(inbox, "a", [message("stays", 1, 1)], before);
    expect(ids(inbox.transcripts.get("a")!)).toEqual(["stays", "came"]);
  });

  it("change what the list says, and not whose the conversation is", () => {
    const inbox = emptyInbox();
    expect(applyEvent(inbox, event("case", conversation("a"), "a"), 0)).toBe("a");
    mergeConversation(inbox, conversation("a", { status: "waiting", subject: "Bill" }));
    applyEvent(inbox, event("case", conversation("a", { status: "closed", subject: "Lamp", unread: 2 }), "a"), 0);
    expect(inbox.conversations.get("a")).toMatchObject({ status: "waiting", subject: "Lamp", unread: 2 });
  });

  it("name what they are about in the list", () => {
    const inbox = emptyInbox();
    mergeConversation(inbox, conversation("a"));
    applyEvent(inbox, event("message", message("m", 1, 1, { letter: { sender: "ann@example.com", subject: "Lamp" } }), "a"), 0);
    applyEvent(inbox, event("message", message("n", 2, 2, { author: "bot" }), "a"), 0);
    const away = { sender: "ann@example.com", subject: "Out of office", automatic: true };
    applyEvent(inbox, event("message", message("o", 3, 3, { letter: away }), "a"), 0);
    expect(inbox.conversations.get("a")?.subject).toBe("Lamp");
  });
});
