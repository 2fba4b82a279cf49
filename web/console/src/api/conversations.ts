import { address, get, part, post, put, remove } from "./http.ts";
import type { Change, Channel, Conversation, ConversationDetail, Message, Page, Status } from "./types.ts";

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
/** Whether an answer of the bot's was right. */
export const correct = (id: string, message: string, right: boolean) =>
  put<Message>(at(id, `/messages/${part(message)}/correction`), { right });
export const withdraw = (id: string, message: string) =>
  remove<Message>(at(id, `/messages/${part(message)}/correction`));
/** Where the browser fetches a file; the log-in cookie goes with it. */
export const attachmentUrl = (id: string) => `/api/v1/attachments/${part(id)}`;

/** What was merged into a conversation of letters and split from it, the latest first. */
export const changes = async (id: string): Promise<Change[]> => (await get<{ items: Change[] }>(at(id, "/changes"))).items;
export const merge = (id: string, into: string) => post<Change>(at(id, "/merge"), { into });
export const split = (id: string, message: string) => post<Change>(at(id, "/split"), { message });
export const decline = (id: string, other: string) => post<void>(at(id, "/decline"), { other });
export const undo = (change: number) => post<Change>(`/changes/${part(change)}/undo`);
/** A letter as the file that it came as. */
export const originalUrl = (id: string, message: string) => `/api/v1${at(id, `/messages/${part(message)}/original`)}`;
/** A letter as a page to look at; with `images`, pictures are loaded from wherever its sender keeps them. */
export const pageUrl = (id: string, message: string, images: boolean) =>
  address(at(id, `/messages/${part(message)}/page`), { images: images ? 1 : 0 });

export const typing = (id: string) => post<void>(at(id, "/typing"));
