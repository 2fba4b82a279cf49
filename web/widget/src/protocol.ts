/** The frames of the web chat, as the hub sends and takes them. What comes from outside is checked here, once. */

export type Author = "customer" | "bot" | "agent" | "system";
export type Status = "bot" | "waiting" | "human" | "closed";

export interface Button {
  title: string;
  payload?: string;
}

export interface Source {
  article: string | number;
  revision?: number;
  title: string;
}

export interface Attachment {
  id: string;
  name: string;
  size?: number;
}

export interface MessageFrame {
  type: "message";
  seq: number;
  id: string;
  author: Author;
  text: string;
  buttons: Button[];
  sources: Source[];
  attachments: Attachment[];
  answers: string[];
  agent?: string;
  createdAt?: string;
}

export interface StatusFrame {
  type: "status";
  /** Missing where the hub only tells the place in the queue again. */
  seq?: number;
  status: Status;
  queuePosition?: number;
  agent?: string;
  conversation?: string;
}

export type HubFrame =
  | { type: "ready"; conversation?: string; status?: Status }
  | { type: "ack"; id: string; seq: number }
  | { type: "typing"; author: Author }
  | { type: "error"; code: string; message: string; id?: string }
  | MessageFrame
  | StatusFrame;

export type BrowserFrame =
  | { type: "hello"; session: string; after: number }
  | { type: "message"; id: string; text: string; payload?: string; attachments?: string[] }
  | { type: "typing" }
  | { type: "rate"; conversation: string; score: number; comment?: string }
  | { type: "feedback"; message: string; helpful: boolean }
  | { type: "handoff"; wanted: boolean };

type Fields = Record<string, unknown>;

const AUTHORS: readonly string[] = ["customer", "bot", "agent", "system"];
const STATUSES: readonly string[] = ["bot", "waiting", "human", "closed"];

export const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const whole = (value: unknown): number | undefined => (Number.isSafeInteger(value) ? (value as number) : undefined);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const author = (value: unknown): Author => (AUTHORS.includes(value as string) ? (value as Author) : "system");
const status = (value: unknown): Status | undefined =>
  STATUSES.includes(value as string) ? (value as Status) : undefined;
const key = (value: unknown): string | undefined => (typeof value === "number" ? String(value) : text(value));

function button(value: unknown): Button[] {
  const { title, payload } = fields(value);
  return text(title) ? [{ title: title as string, payload: text(payload) }] : [];
}

function source(value: unknown): Source[] {
  const { article, revision, title } = fields(value);
  return text(title) ? [{ article: key(article) ?? "", revision: whole(revision), title: title as string }] : [];
}

function attachment(value: unknown): Attachment[] {
  const { id, name, size } = fields(value);
  const known = key(id);
  return known ? [{ id: known, name: text(name) ?? known, size: whole(size) }] : [];
}

function message(raw: Fields): MessageFrame | undefined {
  const seq = whole(raw["seq"]);
  const id = key(raw["id"]);
  if (seq === undefined || id === undefined) return undefined;
  return {
    type: "message",
    seq,
    id,
    author: author(raw["author"]),
    text: text(raw["text"]) ?? "",
    buttons: list(raw["buttons"]).flatMap(button),
    sources: list(raw["sources"]).flatMap(source),
    attachments: list(raw["attachments"]).flatMap(attachment),
    answers: list(raw["answers"]).flatMap((answered) => key(answered) ?? []),
    agent: text(fields(raw["agent"])["name"]),
    createdAt: text(raw["created_at"]),
  };
}

function statusFrame(raw: Fields): StatusFrame | undefined {
  const known = status(raw["status"]);
  if (!known) return undefined;
  return {
    type: "status",
    seq: whole(raw["seq"]),
    status: known,
    queuePosition: whole(raw["queue_position"]),
    agent: text(fields(raw["agent"])["name"]),
    conversation: key(raw["conversation"]),
  };
}

/** A frame from the hub, or undefined for one that this version does not know (a newer hub may send such). */
export function parseFrame(value: unknown): HubFrame | undefined {
  const raw = fields(value);
  switch (raw["type"]) {
    case "message":
      return message(raw);
    case "status":
      return statusFrame(raw);
    case "ready":
      return { type: "ready", conversation: key(raw["conversation"]), status: status(raw["status"]) };
    case "typing":
      return { type: "typing", author: author(raw["author"]) };
    case "error":
      return {
        type: "error",
        code: text(raw["code"]) ?? "error",
        message: text(raw["message"]) ?? "",
        id: key(raw["id"]),
      };
    case "ack": {
      const id = key(raw["id"]);
      return id === undefined ? undefined : { type: "ack", id, seq: whole(raw["seq"]) ?? 0 };
    }
    default:
      return undefined;
  }
}

/** Parses one text frame; broken JSON counts as unknown. */
export function decodeFrame(data: string): HubFrame | undefined {
  try {
    return parseFrame(JSON.parse(data));
  } catch {
    return undefined;
  }
}
