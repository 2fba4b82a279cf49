import { fields, parseFrame, type HubFrame } from "./protocol.ts";

/** A message as it goes out. */
export interface Outgoing {
  id: string;
  text: string;
  payload?: string;
  attachments?: string[];
}

export type PollAnswer = { kind: "frames"; frames: HubFrame[] } | { kind: "lost" } | { kind: "away" };
export type PostAnswer = { kind: "frame"; frame: HubFrame } | { kind: "lost" } | { kind: "away" };

/** The hub refused, and said why. `code` is its own word, or the HTTP status. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The web chat's HTTP side. The session travels in a header, never in an address. */
export class HubApi {
  private readonly root: string;

  constructor(
    base: string,
    channel: string,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
  ) {
    this.root = `${base}/channels/${encodeURIComponent(channel)}`;
  }

  get socketUrl(): string {
    return `${this.root.replace(/^http/, "ws")}/socket`;
  }

  /** Opens a session. Throws `Refused`, or a TypeError without a network. */
  async open(locale: string): Promise<{ session: string; conversation?: string }> {
    const answer = await this.fetch(`${this.root}/sessions`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ locale }),
    });
    if (!answer.ok) throw await refusal(answer);
    const { session, conversation } = fields(await answer.json());
    if (typeof session !== "string") throw new Refused("bad_answer", "");
    return { session, conversation: typeof conversation === "string" ? conversation : undefined };
  }

  /** Waits up to `wait` seconds for frames after `after`. Never throws. */
  async poll(session: string, after: number, wait: number, signal: AbortSignal): Promise<PollAnswer> {
    try {
      const answer = await this.fetch(`${this.root}/messages?after=${after}&wait=${wait}`, {
        headers: bearer(session),
        signal,
      });
      if (answer.status === 401) return { kind: "lost" };
      if (!answer.ok) return { kind: "away" };
      const { messages } = fields(await answer.json());
      const frames = Array.isArray(messages) ? messages.flatMap((frame) => parseFrame(frame) ?? []) : [];
      return { kind: "frames", frames };
    } catch {
      return { kind: "away" };
    }
  }

  /** Sends one message; what the hub says comes back as the frame that a socket would have brought. Never throws. */
  async post(session: string, message: Outgoing, signal: AbortSignal): Promise<PostAnswer> {
    try {
      const answer = await this.fetch(`${this.root}/messages`, {
        method: "POST",
        headers: { ...bearer(session), "Content-Type": "application/json" },
        body: JSON.stringify(message),
        signal,
      });
      if (answer.status === 401) return { kind: "lost" };
      if (answer.status >= 500) return { kind: "away" };
      if (!answer.ok) {
        const { code, message: words } = await refusal(answer);
        return { kind: "frame", frame: { type: "error", code, message: words, id: message.id } };
      }
      const { seq } = fields(await answer.json());
      return { kind: "frame", frame: { type: "ack", id: message.id, seq: Number(seq) } };
    } catch {
      return { kind: "away" };
    }
  }

  /** Uploads a file and answers with its id. Throws `Refused`, or a TypeError without a network. */
  async upload(session: string, file: File): Promise<string> {
    const form = new FormData();
    form.append("file", file, file.name);
    const answer = await this.fetch(`${this.root}/attachments`, {
      method: "POST",
      headers: bearer(session),
      body: form,
    });
    if (!answer.ok) throw await refusal(answer);
    const { id } = fields(await answer.json());
    return String(id);
  }

  /** Fetches a file of this session's. Throws `Refused`, or a TypeError without a network. */
  async download(session: string, id: string): Promise<Blob> {
    const answer = await this.fetch(`${this.root}/attachments/${encodeURIComponent(id)}`, { headers: bearer(session) });
    if (!answer.ok) throw await refusal(answer);
    return answer.blob();
  }
}

const bearer = (session: string) => ({ Authorization: `Bearer ${session}` });

async function refusal(answer: Response): Promise<Refused> {
  const problem = fields(await answer.json().catch(() => undefined));
  const words = problem["detail"] ?? problem["message"] ?? problem["title"];
  const code = problem["code"];
  return new Refused(typeof code === "string" ? code : String(answer.status), typeof words === "string" ? words : "");
}
