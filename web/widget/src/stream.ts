import type { Attachment, Author, HubFrame, MessageFrame, Status, StatusFrame } from "./protocol.ts";

/** A message of the customer's that the hub has not yet shown back to us. */
export interface Pending {
  id: string;
  text: string;
  payload?: string;
  attachments: Attachment[];
  state: "sending" | "sent" | "failed";
  /** Why it failed: an error code, and the hub's words for it. */
  error?: { code: string; message: string };
}

/** A line across the transcript: who answers from here on, or that the conversation is closed. */
export interface Turning {
  type: "turning";
  id: string;
  status: Status;
  agent?: string;
  conversation?: string;
  /** Closed, and a human had taken part: worth asking for a rating. */
  afterHuman: boolean;
}

export type Entry = MessageFrame | Turning;

/**
 * The customer's stream as one browser sees it.
 *
 * `seq` decides alone: a frame at or below the last one rendered is a repetition and is dropped, so that replays may
 * overlap. What the customer writes stands in `pending` until the hub's own copy, which has the same id, takes its place.
 */
export class Stream {
  readonly entries: Entry[] = [];
  pending: Pending[] = [];
  lastSeq = 0;
  status: Status = "bot";
  queuePosition?: number;
  agent?: string;
  conversation?: string;
  typing?: Author;
  private humanTookPart = false;

  constructor(saved: Pending[] = []) {
    this.pending = saved.map((item) => (item.state === "failed" ? item : { ...item, state: "sending" }));
  }

  /** Takes one frame; false if it changed nothing. */
  accept(frame: HubFrame): boolean {
    switch (frame.type) {
      case "ready":
        this.conversation = frame.conversation ?? this.conversation;
        return true;
      case "ack":
        return this.mark(frame.id, "sent");
      case "error":
        return frame.id !== undefined && this.mark(frame.id, "failed", { code: frame.code, message: frame.message });
      case "typing":
        if (frame.author === "customer") return false;
        this.typing = frame.author;
        return true;
      case "message":
        return this.isNew(frame.seq) && this.addMessage(frame);
      case "status":
        return (frame.seq === undefined || this.isNew(frame.seq)) && this.addStatus(frame);
    }
  }

  /** Puts a message of the customer's at the end, to be sent. */
  write(message: Omit<Pending, "state">): Pending {
    const pending: Pending = { ...message, state: "sending" };
    this.pending.push(pending);
    return pending;
  }

  /** Sends a failed message again under its old id; the hub sees to it that it counts once. */
  retry(id: string): Pending | undefined {
    return this.mark(id, "sending") ? this.pending.find((item) => item.id === id) : undefined;
  }

  discard(id: string): void {
    this.pending = this.pending.filter((item) => item.id !== id);
  }

  /** What has to be sent (again) after a reconnect, in the order in which it was written. */
  unacknowledged(): Pending[] {
    return this.pending.filter((item) => item.state === "sending");
  }

  /** Messages from the other side above `seq`. */
  unreadAfter(seq: number): number {
    return this.entries.filter((entry) => entry.type === "message" && isIncoming(entry) && entry.seq > seq).length;
  }

  private isNew(seq: number): boolean {
    if (seq <= this.lastSeq) return false;
    this.lastSeq = seq;
    return true;
  }

  private mark(id: string, state: Pending["state"], error?: Pending["error"]): boolean {
    const item = this.pending.find((pending) => pending.id === id);
    if (!item || (item.state === "sent" && state === "failed")) return false;
    item.state = state;
    item.error = error;
    return true;
  }

  private addMessage(frame: MessageFrame): boolean {
    this.entries.push(frame);
    if (frame.author === "customer") this.discard(frame.id);
    else this.typing = undefined;
    return true;
  }

  private addStatus(frame: StatusFrame): boolean {
    const before = this.status;
    const turned = frame.status !== before || frame.agent !== this.agent;
    this.status = frame.status;
    this.agent = frame.agent;
    this.queuePosition = frame.queuePosition;
    this.conversation = frame.conversation ?? this.conversation;
    this.typing = undefined;
    if (before === "closed" && frame.status !== "closed") this.humanTookPart = frame.status === "human";
    this.humanTookPart ||= frame.status === "human";
    if (turned && isWorthALine(before, frame.status)) {
      this.entries.push({
        type: "turning",
        id: `status-${frame.seq ?? `${this.lastSeq}+${this.entries.length}`}`,
        status: frame.status,
        agent: frame.agent,
        conversation: this.conversation,
        afterHuman: frame.status === "closed" && this.humanTookPart,
      });
    }
    return true;
  }
}

/** Entering the queue and leaving it again need no line: the hub says these in words. */
function isWorthALine(before: Status, now: Status): boolean {
  if (now === "waiting") return before !== "bot";
  return now !== "bot" || before === "human";
}

export const isIncoming = (message: MessageFrame): boolean => message.author === "bot" || message.author === "agent";
