import { get, part, post } from "./http.ts";
import type { Channel, Conversation, ConversationDetail, Message, Page, Status } from "./types.ts";

const at = (id: string, rest = "") => `/conversations/${part(id)}${rest}`;

export interface Wanted {
  status?: Status;
  channel?: string;
  /** An agent's id, or `me`. */
  agent?: string;
  q?: string;
  limit?: number;
  cursor?: string | null;
}

export const list = (wanted: Wanted) => get<Page<Conversation>>("/conversations", { ...wanted });
/** Page after page, for lists that are shown whole; a thousand is where one stops reading. */
export async function listAll(wanted: Wanted): Promise<Conversation[]> {
  const all: Conversation[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Conversation> = await list({ ...wanted, limit: 100, cursor });
    all.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor !== null && all.length < 1000);
  return all;
}

export const channels = async (): Promise<Channel[]> => (await get<{ items: Channel[] }>("/channels")).items;

export const detail = (id: string) => get<ConversationDetail>(at(id));

/** The whole transcript after `after`, however many pages the hub makes of it. */
export async function messages(id: string, after = 0): Promise<Message[]> {
  const all: Message[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Message> = await get<Page<Message>>(at(id, "/messages"), { after, cursor, limit: 200 });
    all.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor !== null);
  return all;
}

export const claim = (id: string) => post<Conversation>(at(id, "/claim"));
export const release = (id: string) => post<Conversation>(at(id, "/release"));
export const close = (id: string) => post<Conversation>(at(id, "/close"));

export type Target = { agent: string } | { team: string };
export const transfer = (id: string, to: Target, note?: string) =>
  post<Conversation>(at(id, "/transfer"), note ? { ...to, note } : to);

/** Both are safe to repeat: the hub knows the id. */
export const send = (id: string, message: { id: string; text: string; attachments?: string[] }) =>
  post<Message>(at(id, "/messages"), message);
export const note = (id: string, message: { id: string; text: string }) => post<Message>(at(id, "/notes"), message);
/** Where the browser fetches a file; the log-in cookie goes with it. */
export const attachmentUrl = (id: string) => `/api/v1/attachments/${part(id)}`;

export const typing = (id: string) => post<void>(at(id, "/typing"));
